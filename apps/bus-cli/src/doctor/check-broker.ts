import { randomUUID } from 'node:crypto';
import type { MqttClient } from '@bus/platform';
import { UnreachableError } from '../cli.errors.ts';
import { duration } from '../output/words.ts';
import type { Session } from '../session/session.ts';
import { ok, skipped, warning, type Finding } from './finding.ts';

const CONNECT_MS = 5_000;
const ROUND_TRIP_MS = 3_000;

/** A topic of the platform's own that no device reads. */
const PROBE_TOPIC = 'downlink/bus-doctor/ack';

/** Whether the broker lets us in, and, where our user may, whether a message comes through. */
export async function checkBroker(session: Session): Promise<Finding[]> {
  const { settings, source } = await session.addresses();
  if (settings['MQTT_BROKER_ADDRESS'] === undefined) {
    return [skipped('connects', 'MQTT_BROKER_ADDRESS is not given')];
  }
  const { connectMqtt, loadSettings, MqttSettings } = await import('@bus/platform');
  const { Logger } = await import('@nestjs/common');
  Logger.overrideLogger(false);
  const { mqtt } = loadSettings({ mqtt: MqttSettings }, settings);
  const startedAt = performance.now();
  const client = connectMqtt(mqtt, {
    clientId: `bus-doctor-${randomUUID().slice(0, 8)}`,
    cleanStart: true,
    connectTimeoutMs: CONNECT_MS,
  });
  try {
    await connected(client, source);
    const seconds = (performance.now() - startedAt) / 1_000;
    const how = mqtt.MQTT_SSL_ENABLED ? 'with TLS' : 'without TLS';
    const who = mqtt.MQTT_USERNAME ?? 'nobody';
    return [ok('connects', `${how}, as ${who}, in ${duration(seconds)}`), await roundTrip(client, who)];
  } finally {
    await client.endAsync(true);
  }
}

async function connected(client: MqttClient, source: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${CONNECT_MS / 1_000} s`)), CONNECT_MS);
      client.once('connect', () => resolve());
      client.once('error', reject);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || codeOf(cause) : String(cause);
    throw new UnreachableError(`The broker cannot be used: ${reason}.`, hintFor(reason, source), cause);
  } finally {
    clearTimeout(timer);
  }
}

/** A refused connection is an AggregateError whose only word is its code. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

function hintFor(reason: string, source: string): string {
  if (/authori[sz]ed|password|credential/i.test(reason)) {
    return 'MQTT_USERNAME and MQTT_PASSWORD must be those of a user of the broker';
  }
  if (/certificate|self-signed|issuer|altname/i.test(reason)) {
    return "MQTT_CA_FILE must be the authority that signed the broker's certificate, and its name must be the address";
  }
  if (/wrong version number|socket hang up|ssl/i.test(reason)) {
    return 'MQTT_SSL_ENABLED and MQTT_BROKER_PORT must belong together: 8883 is usual with TLS, 1883 without';
  }
  return `its address is from ${source}; see whether the broker runs there`;
}

async function roundTrip(client: MqttClient, user: string): Promise<Finding> {
  const check = 'passes messages on';
  const text = JSON.stringify({ probe: randomUUID() });
  const startedAt = performance.now();
  const arrival = new Promise<boolean>((resolve) => {
    client.on('message', (_topic, payload) => payload.toString() === text && resolve(true));
    setTimeout(() => resolve(false), ROUND_TRIP_MS).unref();
  });
  try {
    await client.subscribeAsync(PROBE_TOPIC, { qos: 1 });
    await client.publishAsync(PROBE_TOPIC, text, { qos: 1 });
  } catch {
    return skipped(check, `${user} may not use ${PROBE_TOPIC}, as the broker's rules have it`);
  }
  if (await arrival)
    return ok(check, `a message came back in ${duration((performance.now() - startedAt) / 1_000)}`);
  return warning(
    check,
    `a message to ${PROBE_TOPIC} did not come back to ${user}`,
    'no fault when this user may only write there; the platform writes commands and devices read them',
  );
}
