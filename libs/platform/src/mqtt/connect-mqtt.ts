import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { Metrics } from '@bus/observability';
import type { IClientOptions, MqttClient } from 'mqtt';
import { RepeatedWarning } from '../lifecycle/repeated-warning.ts';
import type { MqttSettings } from '../settings/mqtt.settings.ts';

export interface MqttConnectOptions {
  /** Stable over restarts when the session is to survive them. */
  readonly clientId: string;
  /** True begins without whatever an earlier session left; false continues it. */
  readonly cleanStart: boolean;
  /** How long the broker keeps the session after the connection ends. Default 0: not at all. */
  readonly sessionExpirySeconds?: number;
  /** Most QoS 1 and 2 messages the broker may send unacknowledged. Default 65535. */
  readonly receiveMaximum?: number;
  /** Published by the broker when this client vanishes. */
  readonly will?: { topic: string; payload: string | Buffer; qos: 0 | 1 | 2; retain: boolean };
  /** Default 10 000. */
  readonly connectTimeoutMs?: number;
  /** When given, connection state, reconnects and errors are measured. */
  readonly metrics?: Metrics;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to the broker with MQTT 5 and keeps connecting for ever, 0.5 to 1 s apart at random. Returns at once; wait
 * for the event `connect`. The event `error` is handled (logged at most every 5 s). Small packets go out immediately.
 */
export function connectMqtt(settings: MqttSettings, options: MqttConnectOptions): MqttClient {
  // Loaded when needed: apps without MQTT start faster and stay smaller.
  const { connect }: typeof import('mqtt') = createRequire(import.meta.url)('mqtt');
  const client = connect({
    ...tlsOptions(settings),
    host: settings.MQTT_BROKER_ADDRESS,
    port: settings.MQTT_BROKER_PORT,
    protocolVersion: 5,
    clientId: options.clientId,
    clean: options.cleanStart,
    keepalive: settings.MQTT_KEEPALIVE_SECONDS,
    reschedulePings: true,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    reconnectPeriod: reconnectDelayMs(),
    // Otherwise one refusal, for instance of a broker that is still starting, would end the client for good.
    reconnectOnConnackError: true,
    ...(settings.MQTT_USERNAME === undefined ? {} : { username: settings.MQTT_USERNAME }),
    ...(settings.MQTT_PASSWORD === undefined ? {} : { password: settings.MQTT_PASSWORD }),
    ...(options.will ? { will: { ...options.will, payload: Buffer.from(options.will.payload) } } : {}),
    properties: {
      sessionExpiryInterval: options.sessionExpirySeconds ?? 0,
      ...(options.receiveMaximum === undefined ? {} : { receiveMaximum: options.receiveMaximum }),
    },
  });
  watch(client, settings, options);
  return client;
}

function watch(client: MqttClient, settings: MqttSettings, { clientId, metrics }: MqttConnectOptions): void {
  const logger = new Logger('Mqtt');
  const warning = new RepeatedWarning(logger);
  const broker = `${settings.MQTT_BROKER_ADDRESS}:${settings.MQTT_BROKER_PORT}`;
  let wasConnected = false;
  metrics?.gauge('bus_mqtt_connected').set(0);
  client.on('connect', () => {
    disableNagle(client);
    metrics?.gauge('bus_mqtt_connected').set(1);
    if (wasConnected) metrics?.counter('bus_mqtt_reconnects_total').inc();
    logger.log(
      `${wasConnected ? 'Connected again' : 'Connected'} to the broker at ${broker} as '${clientId}'.`,
    );
    wasConnected = true;
  });
  client.on('error', (error) => {
    metrics?.counter('bus_mqtt_connection_errors_total').inc();
    warning.warn(`The MQTT connection '${clientId}' to ${broker} failed; it keeps trying.`, error);
  });
  client.on('close', () => {
    metrics?.gauge('bus_mqtt_connected').set(0);
    // The client reads its waiting time anew before each attempt.
    client.options.reconnectPeriod = reconnectDelayMs();
  });
}

/** Acknowledgements are a few bytes each; with Nagle's algorithm they would wait for the broker's delayed TCP ACK. */
function disableNagle(client: MqttClient): void {
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
}

function reconnectDelayMs(): number {
  return 500 + Math.round(Math.random() * 500);
}

function tlsOptions(settings: MqttSettings): IClientOptions {
  if (!settings.MQTT_SSL_ENABLED) return { protocol: 'mqtt' };
  const { MQTT_CA_FILE: ca, MQTT_CERT_FILE: cert, MQTT_KEY_FILE: key } = settings;
  return {
    protocol: 'mqtts',
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
  };
}
