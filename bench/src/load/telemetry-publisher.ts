/**
 * A process of its own that publishes telemetry on schedule, so that the load's work is not done in the measuring
 * process. Prints the number of messages the broker confirmed when it is done.
 */
import mqtt from 'mqtt';

import { requiredArgument } from './arguments.ts';
import { paced } from './paced.ts';
import { settled } from './settled.ts';

const client = await mqtt.connectAsync(requiredArgument('mqtt'), {
  protocolVersion: 5,
  username: requiredArgument('username'),
  password: requiredArgument('password'),
  reconnectPeriod: 0,
});

const run = requiredArgument('run');
const startedAt = Date.now();
let confirmed = 0;
const published = await paced(
  { perSecond: Number(requiredArgument('per-second')), seconds: Number(requiredArgument('seconds')) },
  (index) => {
    const payload = `{"id":"${run}-${index}","battery":${index % 101},"signal":-${40 + (index % 60)},"temperature":21.5,"connectivity":"lte","timestamp":${startedAt + index}}`;
    client.publish(`device/bench-${index % 500}/telemetry`, payload, { qos: 1 }, (error) => {
      if (error) throw error;
      confirmed += 1;
    });
  },
);
await settled(() => confirmed === published, 60_000);
await client.endAsync();
process.stdout.write(`${confirmed}\n`);
