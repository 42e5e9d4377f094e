import type { Socket } from 'socket.io';

/** The name of the transport connection below a socket; private in the types, the key of everything before the handshake. */
export function connectionId(connection: Socket['conn']): string {
  return (connection as unknown as { id: string }).id;
}
