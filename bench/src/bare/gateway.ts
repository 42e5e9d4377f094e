/** The bare path's second process: what arrives from Redis goes to every WebSocket as it is. */
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

import { requiredArgument } from '../load/arguments.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(requiredArgument('port')) });
const redis = new Redis(requiredArgument('redis'));
redis.on('message', (_channel, message) => {
  for (const socket of server.clients) socket.send(message);
});
await redis.subscribe('bare');
process.stdout.write('ready\n');
