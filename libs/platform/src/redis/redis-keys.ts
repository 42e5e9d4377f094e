/*
 * Every Redis key and channel of the project. Keys that one command, script or transaction touches together share a hash tag
 * `{…}`, so they live in one slot of a cluster; every other family has a tag of its own so that it spreads.
 * All begin with `bus:`, but for the circuit breakers, so two ACL rules (`~bus:* ~circuit_breaker:* &bus:*`) cover the apps.
 */

/** Characters that would end or open a hash tag, or split a key, are made harmless; what is left stays readable. */
function segment(value: string | number): string {
  return String(value).replace(/[{}\s:%]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

export const redisKeys = {
  /** Prefix of all keys of one queue, given to BullMQ, which appends `:<queue>:<kind>`. */
  queuePrefix: (queue: string) => `bus:{${segment(queue)}}`,
  /** A random name that is there as long as the data of the queue's node: when it has gone, so have the jobs. */
  queueLineage: (queue: string) => `bus:{${segment(queue)}}:lineage`,
  /** What was asked for, and came of, the last cancel of one job. */
  jobCancellation: (queue: string, jobId: string) => `bus:{${segment(queue)}}:cancelled:${segment(jobId)}`,
  /** Pub/sub channel that tells the workers of one queue to look for cancelled jobs among theirs. */
  cancelChannel: (queue: string) => `bus:{${segment(queue)}}:cancels`,

  /** Set of the waiting jobs of one queue that have risen above their priority. */
  queueRaisedJobs: (queue: string) => `bus:{${segment(queue)}}:raised`,
  /** Taken by the worker that looks for aged jobs in one queue. */
  queueAgeingLease: (queue: string) => `bus:{${segment(queue)}}:ageing`,
  /**
   * Everything the fleet knows of one service's circuit. Without `bus:`, because scripts and screens of the platform before
   * this one know it under exactly this name; without a tag, because it is a single key.
   */
  circuitBreaker: (service: string) => `circuit_breaker:${segment(service)}`,
  /** Names of the services with a circuit that the catalog does not list. */
  circuitServices: 'bus:circuit:services',
  /** Pub/sub channel that names a service whose circuit has just changed its state. */
  circuitChannel: 'bus:circuit:changes',

  /** Jobs of one queue that wait for one service, by the time from which they may be released. */
  parkedJobs: (queue: string, service: string) => `bus:{${segment(queue)}}:parked:${segment(service)}`,
  /** Why each parked job of the queue is parked: field job id, value JSON. */
  parkedReasons: (queue: string) => `bus:{${segment(queue)}}:parked-reasons`,
  /** Services for which the queue has parked jobs. */
  parkedServices: (queue: string) => `bus:{${segment(queue)}}:parked-services`,
  /** How far the release of the jobs parked for one service has come. */
  parkedRelease: (queue: string, service: string) =>
    `bus:{${segment(queue)}}:parked-release:${segment(service)}`,

  /** Stream with the sealed history of one group. `groupTag` is the keyed hash of the group name. */
  groupHistory: (groupTag: string) => `bus:cl:{${segment(groupTag)}}:h`,
  /** Hash with epoch and last offset of one group. */
  groupMeta: (groupTag: string) => `bus:cl:{${segment(groupTag)}}:m`,
  /** Marker that an event was appended to the history of the group already. */
  groupSeenEvent: (groupTag: string, eventTag: string) =>
    `bus:cl:{${segment(groupTag)}}:s:${segment(eventTag)}`,
  /** Pub/sub channel on which new history entries of one group are announced. */
  groupChannel: (groupTag: string) => `bus:cl:{${segment(groupTag)}}:c`,
  /** Pattern that matches groupChannel of every group. */
  groupChannelPattern: 'bus:cl:{*}:c',
  /** Prefix of the pub/sub channels between the socket adapters of the gateways. */
  adapterChannel: 'bus:cl:adapter',

  /** One browser session. */
  session: (sessionId: string) => `bus:session:{${segment(sessionId)}}`,
  /** The sessions of one user, to end them together. */
  userSessions: (userId: string | number) => `bus:user:{${segment(userId)}}:sessions`,
  /** Time before which all tokens of the user are void. */
  userTokensValidFrom: (userId: string | number) => `bus:user:{${segment(userId)}}:valid-from`,
  /** A token that was revoked before it expired. */
  revokedToken: (tokenId: string) => `bus:token:revoked:{${segment(tokenId)}}`,
  /** Pub/sub channel that tells the gateways to end sockets whose token or session was revoked. */
  revocationChannel: 'bus:token:revocations',

  /** Event counter of one limit (`connection`, `user`, `login`…) for one subject. */
  throttle: (scope: string, subject: string | number) =>
    `bus:throttle:{${segment(scope)}:${segment(subject)}}`,
  /** Open connections of one user or address over all gateways. */
  connections: (scope: string, subject: string | number) =>
    `bus:connections:{${segment(scope)}:${segment(subject)}}`,

  /** Who does one piece of idempotent work, and its outcome. `key` is a hash of task, scope and parameters. */
  idempotencyRecord: (key: string) => `bus:idem:{${segment(key)}}`,

  /** Lease on one durable MQTT session, held by the process that consumes it. */
  ingestSlot: (slot: string | number) => `bus:mqtt:slot:{${segment(slot)}}`,

  /** Hash of the newest metrics of every process: field `<app>/<instance>`, value MetricsSnapshot as JSON. */
  metrics: 'bus:metrics',
} as const;
