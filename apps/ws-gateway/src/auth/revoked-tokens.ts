import { Injectable } from '@nestjs/common';
import { redisKeys } from '@bus/platform';
import { GatewayRedis } from '../limits/gateway-redis.ts';
import { CLOCK_LEEWAY_SECONDS } from './token-service.ts';

/** Single tokens that must not be accepted any more. Forgotten when the token would have expired anyway. */
@Injectable()
export class RevokedTokens {
  constructor(private readonly redis: GatewayRedis) {}

  async add(tokenId: string, expiresAtMs: number): Promise<void> {
    const until = Math.ceil(expiresAtMs) + CLOCK_LEEWAY_SECONDS * 1000;
    await this.redis.connection.set(redisKeys.revokedToken(tokenId), '1', 'PXAT', until);
  }

  async has(tokenId: string): Promise<boolean> {
    return (await this.redis.connection.exists(redisKeys.revokedToken(tokenId))) === 1;
  }
}
