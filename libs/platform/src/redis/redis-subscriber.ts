import { Redis, ReplyError } from 'ioredis';

type Send = Redis['sendCommand'];

const SUBSCRIBES = new Set(['subscribe', 'psubscribe', 'ssubscribe']);

/**
 * A connection that listens. ioredis subscribes again after a reconnect and lets nobody have the promise of it: closed or refused
 * in that moment, it would end the process as an unhandled rejection. Here a refusal is an `error` event, since the connection
 * stays deaf to that channel; the end of the connection needs no further word. A caller of `subscribe` gets its rejection
 * as ever.
 */
export class RedisSubscriber extends Redis {
  override sendCommand(...[command, stream]: Parameters<Send>): ReturnType<Send> {
    if (SUBSCRIBES.has(command.name)) {
      command.promise.catch((error: unknown) => {
        if (error instanceof ReplyError) this.emit('error', error);
      });
    }
    return super.sendCommand(command, stream);
  }
}
