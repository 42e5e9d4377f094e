import { Injectable } from '@nestjs/common';
import type { HeartbeatRequest } from '@bus/payload-schemas';
import type { ClientEventHandler } from '../sockets/client-event.ts';

/** Lets a screen know that the way to the gateway and back works, and how far its clock is off. */
@Injectable()
export class HeartbeatHandler implements ClientEventHandler<'heartbeat'> {
  handle(_request: HeartbeatRequest): object {
    return { server_time: new Date().toISOString() };
  }
}
