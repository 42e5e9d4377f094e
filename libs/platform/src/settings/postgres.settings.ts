import { IsInt, Max, Min } from 'class-validator';
import { postgresUrlProblem, tlsModeOf } from '../postgres/postgres-url.ts';
import { FollowsRule, IsReadableFile } from './rules.ts';
import { Setting } from './setting.decorator.ts';

/** Where Postgres is. */
export class PostgresSettings {
  @Setting({
    description:
      'Postgres as postgresql://user:password@host:5432/database; ' +
      'sslmode=verify-full (or require) in its query switches TLS on.',
    secret: true,
    example: 'postgresql://bus@127.0.0.1:5432/bus',
  })
  @FollowsRule('isPostgresUrl', (value) => postgresUrlProblem(String(value)))
  DATABASE_URL!: string;

  @Setting({ description: 'Most connections one process opens to Postgres.', default: 10 })
  @IsInt()
  @Min(1)
  @Max(500)
  DATABASE_POOL_SIZE!: number;

  @Setting({
    description: 'Certificate authority file that signed the certificate of Postgres; also switches TLS on.',
    optional: true,
  })
  @IsReadableFile()
  DATABASE_CA_FILE?: string;

  static productionProblems(settings: PostgresSettings): string[] {
    if (postgresUrlProblem(settings.DATABASE_URL ?? '') !== undefined) return [];
    return tlsModeOf(settings) === 'off'
      ? ['DATABASE_URL must use TLS in production: add sslmode=verify-full, or set DATABASE_CA_FILE']
      : [];
  }
}
