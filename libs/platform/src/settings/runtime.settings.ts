import { hostname } from 'node:os';
import { IsIn, IsInt, IsNotEmpty, IsUrl, Matches, Max, Min } from 'class-validator';
import { Setting } from './setting.decorator.ts';

/** What every process has: its name, its log, its operations port, its time to stop. */
export class RuntimeSettings {
  @Setting({
    description: 'Kind of environment; production switches the boot gate on.',
    default: 'development',
  })
  @IsIn(['development', 'test', 'production'])
  NODE_ENV!: 'development' | 'test' | 'production';

  @Setting({ description: 'Least urgent log lines that are written.', default: 'info' })
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL!: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

  @Setting({
    description: 'Log lines as JSON objects (json) or for reading at a terminal (pretty).',
    default: 'json',
  })
  @IsIn(['json', 'pretty'])
  LOG_FORMAT!: 'json' | 'pretty';

  @Setting({
    description:
      'Name of this process among its replicas, in metrics and logs. Default host name and process id.',
    default: () => `${hostname()}-${process.pid}`.replace(/[^A-Za-z0-9._-]/g, '-').slice(-128),
    example: 'task-worker-0',
  })
  @Matches(/^[A-Za-z0-9._-]{1,128}$/, {
    message: 'may hold only letters, digits, dot, dash and underscore (1 to 128)',
  })
  INSTANCE_ID!: string;

  @Setting({
    description: 'Address the health and metrics server listens on. 0.0.0.0 in a container.',
    default: '127.0.0.1',
  })
  @IsNotEmpty()
  OPS_HOST!: string;

  @Setting({
    description: 'Port of the health and metrics server. 0 takes a free one; the ready log line tells which.',
    default: 0,
  })
  @IsInt()
  @Min(0)
  @Max(65_535)
  OPS_PORT!: number;

  @Setting({
    description:
      'Milliseconds a stopping process may take to finish its work before it is ended with exit code 1.',
    default: 25_000,
  })
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  SHUTDOWN_DEADLINE_MS!: number;

  @Setting({
    description:
      'Milliseconds between two snapshots of its metrics that a process leaves in Redis for the exporter.',
    default: 2_000,
  })
  @IsInt()
  @Min(100)
  @Max(60_000)
  METRICS_SNAPSHOT_INTERVAL_MS!: number;

  @Setting({
    description:
      'Address of an OpenTelemetry collector that takes OTLP over HTTP; traces are sent to /v1/traces of it. Default no tracing.',
    optional: true,
    example: 'http://127.0.0.1:4318',
  })
  @IsUrl(
    {
      protocols: ['http', 'https'],
      require_tld: false,
      require_protocol: true,
      require_valid_protocol: true,
    },
    { message: 'must be an address such as http://collector:4318' },
  )
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  @Setting({
    description: 'Part of the traces begun by this process that is recorded, from 0 to 1.',
    default: 1,
  })
  @Min(0)
  @Max(1)
  OTEL_TRACES_SAMPLER_ARG!: number;
}
