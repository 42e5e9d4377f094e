import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { redisKeys } from '@bus/platform';
import { GatewayRedis } from './gateway-redis.ts';

/** Kept by a living gateway; given back by a dying one; running out for a killed one. */
const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

const ACQUIRE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

const RENEW = `
local time = redis.call('TIME')
local expiry = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
for position = 2, #ARGV do redis.call('ZADD', KEYS[1], expiry, ARGV[position]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])`;

export interface LeaseRule {
  /** What is being counted, e.g. `user`. */
  readonly scope: string;
  readonly limit: number;
}

/** One counted connection. */
export interface Lease {
  /** Gives the place back, at once or after a delay. Calling it again does nothing. Never rejects. */
  release(delayMs?: number): void;
}

/**
 * Counts the connections of a user or address over all gateways. A lease is renewed while this process lives; when it
 * is killed its leases run out within 30 s, so a crash never locks anybody out for longer.
 */
@Injectable()
export class ConnectionLeases implements OnModuleDestroy {
  private readonly logger = new Logger(ConnectionLeases.name);
  private readonly held = new Map<string, Set<string>>();
  private readonly lingering = new Set<NodeJS.Timeout>();
  private readonly renewal = setInterval(() => void this.renewAll(), RENEW_EVERY_MS).unref();

  constructor(private readonly redis: GatewayRedis) {}

  /** A lease, or null when the subject has all it may have. Rejects when Redis is away. */
  async acquire(rule: LeaseRule, subject: string | number, member: string): Promise<Lease | null> {
    const key = redisKeys.connections(rule.scope, subject);
    const granted = await this.redis.connection.eval(ACQUIRE, 1, key, rule.limit, LEASE_MS, member);
    if (Number(granted) !== 1) return null;
    const members = this.held.get(key) ?? new Set();
    this.held.set(key, members.add(member));
    return this.lease(key, member);
  }

  onModuleDestroy(): void {
    clearInterval(this.renewal);
    for (const timer of this.lingering) clearTimeout(timer);
  }

  private lease(key: string, member: string): Lease {
    let isReleased = false;
    return {
      release: (delayMs = 0) => {
        if (isReleased) return;
        isReleased = true;
        if (delayMs === 0) void this.giveBack(key, member);
        else this.giveBackLater(key, member, delayMs);
      },
    };
  }

  private giveBackLater(key: string, member: string, delayMs: number): void {
    const timer = setTimeout(() => {
      this.lingering.delete(timer);
      void this.giveBack(key, member);
    }, delayMs).unref();
    this.lingering.add(timer);
  }

  private async giveBack(key: string, member: string): Promise<void> {
    const members = this.held.get(key);
    members?.delete(member);
    if (members?.size === 0) this.held.delete(key);
    try {
      await this.redis.connection.zrem(key, member);
    } catch (error) {
      this.logger.debug(`A connection lease is left to run out: ${String(error)}`);
    }
  }

  private async renewAll(): Promise<void> {
    try {
      await Promise.all(
        [...this.held].map(([key, members]) =>
          this.redis.connection.eval(RENEW, 1, key, LEASE_MS, ...members),
        ),
      );
    } catch (error) {
      // They are written again with the next renewal once Redis is back.
      this.logger.debug(`Connection leases could not be renewed: ${String(error)}`);
    }
  }
}
