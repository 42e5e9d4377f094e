/** The bare path's first process: what arrives over MQTT is published to Redis as it is. */
import { Redis } from 'ioredis';
import mqtt from 'mqtt';

import { requiredArgument } from '../load/arguments.ts';

const redis = new Redis(requiredArgument('redis'));
const client = mqtt.connect(requiredArgument('mqtt'), {
  protocolVersion: 5,
  username: requiredArgument('username'),
  password: requiredArgument('password'),
});
client.on('message', (_topic, payload) => {
  void redis.publish('bare', payload);
});
client.on('connect', () => {
  client.subscribe('alert/+/+', { qos: 1 }, (error) => {
    if (error) throw error;
    process.stdout.write('ready\n');
  });
});
