import { once } from 'node:events';

import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';

/** A screen: calls `onShown` with the message id of each alert it receives. */
export interface Viewer {
  close(): void;
}

/** Watches the bare path. */
export async function watchBarePath(url: string, onShown: (messageId: string) => void): Promise<Viewer> {
  const socket = new WebSocket(url);
  socket.on('message', (data) => {
    onShown((JSON.parse((data as Buffer).toString()) as { id: string }).id);
  });
  await once(socket, 'open');
  return { close: () => socket.close() };
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

interface AlertEvent {
  readonly data: { readonly message_id: string };
}

/** Logs in as an operator does and watches the NOC dashboard group. */
export async function watchNoc(
  gatewayUrl: string,
  login: Login,
  onShown: (messageId: string, event: AlertEvent) => void,
): Promise<Viewer> {
  const response = await fetch(new URL('/auth/login', gatewayUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gatewayUrl },
    body: JSON.stringify(login),
  });
  if (!response.ok) throw new Error(`login refused: ${response.status} ${await response.text()}`);
  const { token } = (await response.json()) as { token: string };
  const socket: Socket = io(gatewayUrl, {
    transports: ['websocket'],
    auth: { token, deviceId: 'bench' },
    reconnection: false,
  });
  for (const type of ['alert_notification', 'critical_alert']) {
    socket.on(type, (event: AlertEvent) => onShown(event.data.message_id, event));
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('subscribed', () => resolve());
    socket.once('connect_error', reject);
  });
  return { close: () => socket.disconnect() };
}
