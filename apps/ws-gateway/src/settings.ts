import { readFileSync } from 'node:fs';
import {
  EncryptionSettings,
  FollowsRule,
  IsReadableFile,
  PostgresSettings,
  RedisSettings,
  RuntimeSettings,
  Setting,
} from '@bus/platform';
import { IsInt, IsNotEmpty, Max, Min, ValidateBy } from 'class-validator';
import { PUBLIC_KEY_ALGORITHMS, SECRET_ALGORITHMS, type TokenKeySource } from './auth/token-keys.ts';
import { isWeakSecret } from './auth/weak-secret.ts';
import { isNetwork } from './network/client-address.ts';
import { ANY_ORIGIN, isSerializedOrigin } from './network/origin-policy.ts';

/** Where the gateway listens, and whom it believes. */
export class GatewaySettings {
  @Setting({ description: 'Address browsers are served on. 0.0.0.0 in a container.', default: '127.0.0.1' })
  @IsNotEmpty()
  GATEWAY_HOST!: string;

  @Setting({ description: 'Port browsers are served on. 0 takes a free one.', default: 8080 })
  @IsInt()
  @Min(0)
  @Max(65_535)
  GATEWAY_PORT!: number;

  @Setting({
    description:
      'Comma separated origins whose pages may open sockets and use the session cookie, each exactly as a browser ' +
      'writes it (https://noc.example.com). Empty: only pages served by this gateway. Required in production.',
    default: [],
    example: 'https://noc.example.com',
  })
  @FollowsRule('areOrigins', (value) => originsProblem(value as readonly string[]))
  WEBSOCKET_ALLOWED_ORIGINS!: string[];

  @Setting({
    description:
      'Comma separated addresses or CIDR ranges of proxies in front of the gateway. Only what they deliver may ' +
      'carry X-Forwarded-For and X-Forwarded-Proto. Empty: nobody is believed.',
    default: [],
    example: '10.0.0.0/8',
  })
  @FollowsRule('areNetworks', (value) => networksProblem(value as readonly string[]))
  TRUSTED_PROXIES!: string[];

  @Setting({
    description: 'Folder of the built NOC page. Default apps/noc-dashboard/dist beside this app.',
    optional: true,
  })
  NOC_DASHBOARD_DIR?: string;

  @Setting({
    description: 'Milliseconds over which a stopping gateway closes its sockets, slice by slice.',
    default: 5_000,
  })
  @IsInt()
  @Min(0)
  @Max(600_000)
  GATEWAY_DRAIN_MS!: number;

  static productionProblems(settings: GatewaySettings): string[] {
    const origins = settings.WEBSOCKET_ALLOWED_ORIGINS ?? [];
    if (origins.length === 0) {
      return ['WEBSOCKET_ALLOWED_ORIGINS must name the origins of the NOC page in production; it is empty'];
    }
    return origins.includes(ANY_ORIGIN)
      ? ['WEBSOCKET_ALLOWED_ORIGINS must name origins one by one in production, not *']
      : [];
  }
}

/** How people and tokens are recognised. Exactly one of JWT_SECRET, JWT_PUBLIC_KEY_FILE and JWT_JWKS_URL is set. */
export class AuthSettings {
  @Setting({
    description:
      'Secret that signs and checks tokens (openssl rand -base64 48). Set this, or JWT_PUBLIC_KEY_FILE, or JWT_JWKS_URL.',
    secret: true,
    optional: true,
  })
  @IsNotEmpty()
  JWT_SECRET?: string;

  @Setting({
    description:
      'PEM file with the public key of an identity provider; this gateway then only checks tokens.',
    optional: true,
  })
  @IsReadableFile()
  JWT_PUBLIC_KEY_FILE?: string;

  @Setting({
    description:
      'Address of the key set (JWKS) of an identity provider; this gateway then only checks tokens.',
    optional: true,
    example: 'https://login.example.com/.well-known/jwks.json',
  })
  @FollowsRule('isHttpUrl', (value) => httpUrlProblem(String(value)))
  JWT_JWKS_URL?: string;

  @Setting({
    description:
      'Comma separated signature algorithms that are accepted; the first one signs. Default HS256 for JWT_SECRET, else RS256.',
    default: [],
  })
  @AgreesWith((settings) => keySourceProblem(settings))
  JWT_ALGORITHMS!: string[];

  @Setting({ description: 'Issuer (iss) every token must name.', default: 'message-bus' })
  @IsNotEmpty()
  JWT_ISSUER!: string;

  @Setting({ description: 'Audience (aud) every token must name.', default: 'message-bus-gateway' })
  @IsNotEmpty()
  JWT_AUDIENCE!: string;

  @Setting({ description: 'Seconds a token lives; its socket ends with it.', default: 900 })
  @IsInt()
  @Min(1)
  @Max(86_400)
  JWT_LIFETIME_SECONDS!: number;

  @Setting({ description: 'Seconds a login lasts; the default is one long shift.', default: 43_200 })
  @IsInt()
  @Min(1)
  @Max(2_592_000)
  SESSION_LIFETIME_SECONDS!: number;

  @Setting({
    description:
      'true: a token or session is good only from the very device id, browser and network it was issued to. ' +
      'false: only another device id is refused.',
    default: false,
  })
  @AgreesWith((settings) =>
    settings.WEBSOCKET_TOKEN_BINDING_STRICT && settings.JWT_SECRET === undefined
      ? 'needs tokens issued by this gateway: set JWT_SECRET'
      : undefined,
  )
  WEBSOCKET_TOKEN_BINDING_STRICT!: boolean;

  @Setting({
    description: 'Seconds between two looks at whether the people behind live sockets are still welcome.',
    default: 30,
  })
  @IsInt()
  @Min(1)
  @Max(3_600)
  SESSION_RECHECK_SECONDS!: number;

  /** The one source of keys. @throws when the key file cannot be read any more. */
  keySource(): TokenKeySource {
    if (this.JWT_SECRET !== undefined) return { kind: 'secret', secret: this.JWT_SECRET };
    if (this.JWT_JWKS_URL !== undefined) return { kind: 'jwks', url: this.JWT_JWKS_URL };
    return { kind: 'public_key', pem: readFileSync(this.JWT_PUBLIC_KEY_FILE ?? '', 'utf8') };
  }

  algorithms(): readonly string[] {
    if (this.JWT_ALGORITHMS.length > 0) return this.JWT_ALGORITHMS;
    return this.JWT_SECRET === undefined ? ['RS256'] : ['HS256'];
  }

  static productionProblems(settings: AuthSettings): string[] {
    const secret = settings.JWT_SECRET;
    return secret !== undefined && isWeakSecret(secret)
      ? [
          'JWT_SECRET is weak or a demo value: take a random one of 32 bytes or more (openssl rand -base64 48)',
        ]
      : [];
  }
}

/** How much one peer, one person and one connection may use. The defaults are the contract's numbers. */
export class LimitSettings {
  @Setting({
    description: 'Connections one address may hold that have not proved who they are, over all gateways.',
    default: 5,
  })
  @IsInt()
  @Min(1)
  WEBSOCKET_MAX_ANONYMOUS_PER_IP!: number;

  @Setting({ description: 'Connections of one user over all gateways.', default: 20 })
  @IsInt()
  @Min(1)
  WEBSOCKET_MAX_PER_USER!: number;

  @Setting({ description: 'Connections of one staff user over all gateways.', default: 100 })
  @IsInt()
  @Min(1)
  WEBSOCKET_MAX_PER_STAFF_USER!: number;

  @Setting({
    description:
      'Messages a minute from one connection, and from one user over all connections and gateways.',
    default: 100,
  })
  @IsInt()
  @Min(1)
  @Max(10_000)
  WEBSOCKET_MESSAGES_PER_MINUTE!: number;

  @Setting({ description: 'Milliseconds between two heartbeats of the transport.', default: 10_000 })
  @IsInt()
  @Min(100)
  WEBSOCKET_PING_INTERVAL_MS!: number;

  @Setting({ description: 'Milliseconds a browser may take to answer a heartbeat.', default: 5_000 })
  @IsInt()
  @Min(100)
  WEBSOCKET_PING_TIMEOUT_MS!: number;

  @Setting({
    description:
      'Events waiting for a slow browser from which on only the newest progress and device state is kept.',
    default: 64,
  })
  @IsInt()
  @Min(1)
  WEBSOCKET_SLOW_EVENTS!: number;

  @Setting({ description: 'The same bound in bytes.', default: 262_144 })
  @IsInt()
  @Min(1)
  WEBSOCKET_SLOW_BYTES!: number;

  @Setting({
    description:
      'Events waiting for a slow browser beyond which it is disconnected, to come back and resume.',
    default: 2_000,
  })
  @IsInt()
  @Min(1)
  WEBSOCKET_MAX_WAITING_EVENTS!: number;

  @Setting({ description: 'The same bound in bytes.', default: 4_194_304 })
  @IsInt()
  @Min(1)
  WEBSOCKET_MAX_WAITING_BYTES!: number;

  @Setting({
    description: 'Failed logins from one address within five minutes before it must wait.',
    default: 20,
  })
  @IsInt()
  @Min(1)
  LOGIN_FAILURES_PER_IP!: number;

  @Setting({
    description: 'Failed logins for one user name within five minutes before it must wait.',
    default: 10,
  })
  @IsInt()
  @Min(1)
  LOGIN_FAILURES_PER_USERNAME!: number;
}

function AgreesWith(problemOf: (settings: AuthSettings) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'agreesWith',
    validator: {
      validate: (_value, argument) => problemOf(argument?.object as AuthSettings) === undefined,
      defaultMessage: (argument) => problemOf(argument?.object as AuthSettings) ?? '',
    },
  });
}

function keySourceProblem(settings: AuthSettings): string | undefined {
  const sources = [settings.JWT_SECRET, settings.JWT_PUBLIC_KEY_FILE, settings.JWT_JWKS_URL];
  if (sources.filter((source) => source !== undefined).length !== 1) {
    return 'needs one key: set exactly one of JWT_SECRET, JWT_PUBLIC_KEY_FILE and JWT_JWKS_URL';
  }
  // A public key taken for an HMAC secret would let anybody sign.
  const possible: readonly string[] =
    settings.JWT_SECRET === undefined ? PUBLIC_KEY_ALGORITHMS : SECRET_ALGORITHMS;
  return settings.JWT_ALGORITHMS.every((algorithm) => possible.includes(algorithm))
    ? undefined
    : `may only name ${possible.join(', ')} with this kind of key`;
}

function originsProblem(origins: readonly string[]): string | undefined {
  const position = origins.findIndex((origin) => origin !== ANY_ORIGIN && !isSerializedOrigin(origin));
  return position < 0
    ? undefined
    : `entry ${position + 1} is not an origin as a browser writes it: scheme://host[:port], no path, lower case`;
}

function networksProblem(entries: readonly string[]): string | undefined {
  const position = entries.findIndex((entry) => !isNetwork(entry));
  return position < 0 ? undefined : `entry ${position + 1} is neither an IP address nor a CIDR range`;
}

function httpUrlProblem(text: string): string | undefined {
  return URL.canParse(text) && /^https?:/.test(text) ? undefined : 'must be an https:// address';
}

/** Everything the process reads from its environment. */
export const SECTIONS = {
  runtime: RuntimeSettings,
  redis: RedisSettings,
  postgres: PostgresSettings,
  encryption: EncryptionSettings,
  gateway: GatewaySettings,
  auth: AuthSettings,
  limits: LimitSettings,
};

export type GatewayAppSettings = {
  readonly [K in keyof typeof SECTIONS]: InstanceType<(typeof SECTIONS)[K]>;
};
