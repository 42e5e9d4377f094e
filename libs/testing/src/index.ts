export {
  startApp,
  REPOSITORY_ROOT,
  type AppLogLine,
  type AppProcess,
  type StartAppOptions,
} from './apps/app-process.ts';
export { createCertificates, type Certificates } from './backends/certificates.ts';
export { renderPasswordFile, type MqttCredentials } from './backends/mosquitto-passwords.ts';
export {
  startMosquitto,
  type MosquittoServer,
  type MosquittoServerOptions,
} from './backends/mosquitto-server.ts';
export { startOtlpSink, type OtlpSink, type SunkSpan } from './backends/otlp-sink.ts';
export { createDatabase, type PostgresDatabase } from './backends/postgres-database.ts';
export {
  startPostgres,
  type PostgresServer,
  type PostgresServerOptions,
} from './backends/postgres-server.ts';
export { startRedisCluster, type RedisCluster } from './backends/redis-cluster.ts';
export { createRedisDatabase } from './backends/redis-database.ts';
export { startRedis, type RedisServer, type RedisServerOptions } from './backends/redis-server.ts';
export {
  buildAlertMessage,
  buildGuardGpsMessage,
  buildTelemetryMessage,
  type AlertFields,
  type DeviceMessage,
  type GuardGpsFields,
  type TelemetryFields,
} from './builders/device-messages.ts';
export { buildClaim, buildRivalClaim, type BuiltClaim } from './builders/work-claim.ts';
export {
  CLAIM_STORE_CONTRACT,
  type ClaimStorePromise,
  type ClaimStoreUnderTest,
} from './contracts/claim-store.contract.ts';
export { BinaryMissingError, findBinary, lookUpBinary, type BinaryName } from './processes/find-binary.ts';
export { freePort, isPortFree } from './processes/free-port.ts';
export {
  ManagedProcess,
  ProcessStartError,
  type ManagedProcessOptions,
  type ProcessExit,
} from './processes/managed-process.ts';
export { isAlive, processStartTicks } from './processes/process-identity.ts';
export { giveTo, serviceUser, type SystemUser } from './processes/system-user.ts';
export { createTemporaryDirectory, removeTemporaryDirectory } from './processes/temporary-directory.ts';
export { FixedClock } from './time/fixed-clock.ts';
export { waitFor, type WaitForOptions } from './time/wait-for.ts';
export type { SharedBackends } from './vitest/provided-context.ts';
