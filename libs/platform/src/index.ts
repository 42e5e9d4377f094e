// First, so that what follows is compiled from the cache.
import './lifecycle/compile-cache.ts';

export { CoalescerFullError, isCoalescerFullError } from './coalescer/coalescer.errors.ts';
export { Coalescer, type CoalescerOptions } from './coalescer/coalescer.ts';
export { RepeatedWarning } from './lifecycle/repeated-warning.ts';
export { runApp, type RunAppOptions } from './lifecycle/run-app.ts';
export { metricsSnapshotField, type MetricsSnapshot } from './metrics/metrics-snapshot.ts';
export { readMetricsSnapshots } from './metrics/read-metrics-snapshots.ts';
export { connectMqtt, type MqttConnectOptions } from './mqtt/connect-mqtt.ts';
export { encodePuback } from './mqtt/encode-puback.ts';
export { MqttPublisher, topicProblem, type PublishOptions } from './mqtt/mqtt-publisher.ts';
export {
  InvalidTopicError,
  MqttPublishError,
  MqttPublishTimeoutError,
  MqttUnavailableError,
} from './mqtt/mqtt.errors.ts';
export { type IPublishPacket as MqttPublishPacket, type MqttClient } from 'mqtt';
export { PlatformModule, type PlatformModuleOptions } from './nest/platform.module.ts';
export { createPostgresPool, POSTGRES_POOL } from './postgres/postgres-pool.ts';
export { RedisConnections, type RedisConnection } from './redis/redis-connections.ts';
export { redisKeys } from './redis/redis-keys.ts';
export { reconnectDelayMs, type RedisPurpose } from './redis/redis-options.ts';
export {
  RedisWriteBarrier,
  RedisWriteUnconfirmedError,
  type RedisWriteBarrierOptions,
  type WriteMark,
} from './redis/redis-write-barrier.ts';
export { writeTogether } from './redis/write-together.ts';
export { describeSettings, type SettingDescription } from './settings/describe-settings.ts';
export { DEVELOPMENT_ENCRYPTION_KEY, EncryptionSettings } from './settings/encryption.settings.ts';
export { isWeakKey, keyProblem } from './settings/encryption-keys.ts';
export { givenSettings } from './settings/given-settings.ts';
export { loadSettingsOrExit } from './settings/load-settings-or-exit.ts';
export { loadSettings, settingsWarnings, type SettingsClass } from './settings/load-settings.ts';
export { MqttSettings } from './settings/mqtt.settings.ts';
export { PostgresSettings } from './settings/postgres.settings.ts';
export { RedisSettings } from './settings/redis.settings.ts';
export { FollowsRule, IsReadableFile } from './settings/rules.ts';
export { RuntimeSettings } from './settings/runtime.settings.ts';
export { Setting, type SettingOptions } from './settings/setting.decorator.ts';
export { isSettingsError, SettingsError, type SettingsProblem } from './settings/settings.errors.ts';
