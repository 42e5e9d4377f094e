import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { redisKeys } from '@bus/platform';
import { GatewayRedis } from './gateway-redis.ts';

export interface WindowRule {
  /** What is being limited, e.g. `user`. */
  readonly scope: string;
  readonly limit: number;
  readonly windowMs: number;
}

export type WindowAnswer =
  | { readonly allowed: true; readonly entry: string }
  | { readonly allowed: false; readonly retryAfterMs: number };

/** Members are single events, scores their time by the clock of Redis, which is the same for all gateways. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.max(1, oldest[2] + ARGV[2] - now)
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0`;

/**
 * A limit that all gateways share: at most `limit` events of one subject in any stretch of `windowMs`. Refused events take
 * no room. Rejects when Redis is away; whether that means yes or no is for the caller to decide.
 */
@Injectable()
export class SharedWindow {
  constructor(private readonly redis: GatewayRedis) {}

  async take(rule: WindowRule, subject: string | number): Promise<WindowAnswer> {
    const entry = randomUUID();
    const key = redisKeys.throttle(rule.scope, subject);
    const wait = Number(await this.redis.connection.eval(TAKE, 1, key, rule.limit, rule.windowMs, entry));
    return wait === 0 ? { allowed: true, entry } : { allowed: false, retryAfterMs: wait };
  }

  /** Takes an event back, as if it had never been. */
  async giveBack(rule: WindowRule, subject: string | number, entry: string): Promise<void> {
    await this.redis.connection.zrem(redisKeys.throttle(rule.scope, subject), entry);
  }
}
