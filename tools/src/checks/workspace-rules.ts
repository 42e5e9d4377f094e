/**
 * The arrows of the workspace. `docs/architecture/MESSAGE_BUS_ARCHITECTURE.md` shows the same picture; this file
 * is the one that is enforced.
 */

export const LAYERS = ['contract', 'platform', 'bus', 'app', 'tooling'] as const;
export type Layer = (typeof LAYERS)[number];

export const RUNTIMES = ['any', 'node', 'web'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Which lower layers a layer may use. A layer may skip downward; none looks up, and apps never meet. */
export const ALLOWED_LAYERS: Record<Layer, readonly Layer[]> = {
  contract: [],
  platform: ['contract'],
  bus: ['platform', 'contract'],
  app: ['bus', 'platform', 'contract'],
  tooling: ['bus', 'platform', 'contract', 'tooling'],
};

/** The only arrows inside one layer, each with its reason. */
export const SAME_LAYER_ARROWS: Record<string, readonly string[]> = {
  // A topic names the class of its payload.
  '@bus/topic-whitelist': ['@bus/payload-schemas'],
  // Connections and the lifecycle are measured and logged.
  '@bus/platform': ['@bus/observability'],
  // BroadcastTask is a task that broadcasts, ExternalServiceTask one that calls out through the breaker.
  '@bus/task-base': ['@bus/channel-layer', '@bus/circuit-breaker'],
};

/** Client libraries that only their wrapper may import, so that replacing one touches one project. */
export const OWNED_PACKAGES: Record<string, readonly string[]> = {
  bullmq: ['@bus/task-base'],
  ioredis: ['@bus/platform'],
  mqtt: ['@bus/platform'],
  'mqtt-packet': ['@bus/platform'],
  pg: ['@bus/platform', '@bus/database'],
  kysely: ['@bus/database'],
  'socket.io': ['@bus/channel-layer', '@bus/ws-gateway'],
  '@socket.io/redis-adapter': ['@bus/channel-layer'],
  '@socket.io/redis-emitter': ['@bus/channel-layer'],
  'prom-client': ['@bus/observability'],
  pino: ['@bus/observability'],
  cockatiel: ['@bus/circuit-breaker'],
  croner: ['@bus/task-base'],
  commander: ['@bus/bus-cli'],
  'class-validator-jsonschema': ['@bus/payload-schemas'],
};

/** Layers whose code is not shipped: they may reach behind the wrappers to play the other side of a protocol. */
export const UNSHIPPED_LAYERS: readonly Layer[] = ['tooling'];

/** The only projects whose shipped code may read the process environment. */
export const ENVIRONMENT_READERS: readonly string[] = ['@bus/platform'];
