import { parseRedisUrl, redisUrlProblem } from '../redis/redis-url.ts';
import { FollowsRule, IsReadableFile } from './rules.ts';
import { Setting } from './setting.decorator.ts';

/** Where Redis is. */
export class RedisSettings {
  @Setting({
    description:
      'Redis as redis://user:password@host:6379/0, redis-sentinel://host:26379,host:26379/mymaster ' +
      'or redis-cluster://host:6379,host:6379; with TLS rediss://, rediss-sentinel://, rediss-cluster://.',
    secret: true,
    default: 'redis://127.0.0.1:6379',
    example: 'redis://127.0.0.1:6379',
  })
  @FollowsRule('isRedisUrl', (value) => redisUrlProblem(String(value)))
  REDIS_URL!: string;

  @Setting({
    description:
      'Certificate authority file that signed the certificate of Redis. Default the authorities of the system.',
    optional: true,
  })
  @IsReadableFile()
  REDIS_CA_FILE?: string;

  static productionProblems(settings: RedisSettings): string[] {
    if (redisUrlProblem(settings.REDIS_URL ?? '') !== undefined) return [];
    return parseRedisUrl(settings.REDIS_URL).tls
      ? []
      : ['REDIS_URL must use TLS in production: rediss://, rediss-sentinel:// or rediss-cluster://'];
  }
}
