import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { findBinary } from '../processes/find-binary.ts';
import { freePort } from '../processes/free-port.ts';
import { giveTo, serviceUser } from '../processes/system-user.ts';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../processes/temporary-directory.ts';
import { createCertificates } from './certificates.ts';
import { renderPasswordFile, type MqttCredentials } from './mosquitto-passwords.ts';
import { Server, SERVER_ENVIRONMENT } from './server.ts';

export interface MosquittoServerOptions {
  /** Where sessions and queued messages live. Without it: a temporary folder, removed by `stop()`. */
  dir?: string;
  port?: number;
  /** Who may connect; anonymous clients never may. @default one user `tester` with password `tester` */
  users?: readonly MqttCredentials[];
  /** Text of an ACL file. Without it every user may do everything. */
  acl?: string;
  /** Adds a second listener with TLS and a certificate of its own authority. @default false */
  tls?: boolean | { port?: number };
  /** Further lines of mosquitto.conf. */
  settings?: Record<string, string>;
  onOutput?: (line: string) => void;
}

export interface MosquittoServer extends Pick<
  Server,
  'port' | 'pid' | 'isRunning' | 'exited' | 'output' | 'kill' | 'restart' | 'stop'
> {
  readonly host: string;
  readonly dir: string;
  readonly url: string;
  readonly users: readonly MqttCredentials[];
  /** Set when TLS was asked for; clients trust `caFile`. */
  readonly tls: { port: number; url: string; caFile: string } | undefined;
  /** Replaces users and ACL while the broker runs. Mosquitto 2.0 cuts every client when it reloads; they reconnect. */
  reload(access: { users?: readonly MqttCredentials[]; acl?: string }): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts a private Mosquitto on loopback, configured as in production, and resolves once it listens. */
export async function startMosquitto(options: MosquittoServerOptions = {}): Promise<MosquittoServer> {
  const binary = findBinary('mosquitto');
  const dir = options.dir ?? createTemporaryDirectory('mosquitto');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const user = serviceUser('mosquitto');
  const users = options.users ?? [{ username: 'tester', password: 'tester' }];
  const tlsPort = options.tls
    ? ((options.tls === true ? undefined : options.tls.port) ?? (await freePort()))
    : undefined;
  const certificates = options.tls ? await createCertificates(dir) : undefined;

  const path = (name: string): string => join(dir, name);
  const writeAccess = (access: { users?: readonly MqttCredentials[]; acl?: string | undefined }): void => {
    if (access.users) writeFileSync(path('passwords'), renderPasswordFile(access.users), { mode: 0o600 });
    if (access.acl !== undefined) writeFileSync(path('acl'), access.acl, { mode: 0o600 });
  };
  writeAccess({ users, acl: options.acl });

  const writeConfiguration = (port: number): void => {
    const settings: Record<string, string> = {
      user: user === undefined ? userInfo().username : 'mosquitto',
      per_listener_settings: 'false',
      allow_anonymous: 'false',
      password_file: path('passwords'),
      ...(options.acl === undefined ? {} : { acl_file: path('acl') }),
      persistence: 'true',
      persistence_location: `${dir}/`,
      // A killed broker loses what it took since its last save, so it saves every second. Saving on every change
      // still loses the tail and costs nineteen twentieths of the throughput.
      autosave_on_changes: 'false',
      autosave_interval: '1',
      // The default of 1000 silently drops what an offline ingest has not yet taken. Not 0: with "no limit" 2.0.11
      // disconnects a client after each publish it denies.
      max_queued_messages: '1000000',
      max_inflight_messages: '0',
      max_packet_size: '2097152',
      set_tcp_nodelay: 'true',
      sys_interval: '5',
      log_dest: 'stderr',
      connection_messages: 'true',
      ...options.settings,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    // Debug messages, one per packet, would cost more than the broker's own work.
    lines.push(...['error', 'warning', 'notice', 'information'].map((type) => `log_type ${type}`));
    lines.push(`listener ${port} ${HOST}`);
    if (certificates !== undefined && tlsPort !== undefined) {
      lines.push(
        `listener ${tlsPort} ${HOST}`,
        `certfile ${certificates.certFile}`,
        `keyfile ${certificates.keyFile}`,
      );
      lines.push('tls_version tlsv1.2');
    }
    writeFileSync(path('mosquitto.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
    giveTo(user, dir, ...readdirSync(dir).map(path));
  };

  const server = await Server.start(
    (port) => {
      writeConfiguration(port);
      return {
        name: 'mosquitto',
        command: binary,
        args: ['-c', path('mosquitto.conf')],
        cwd: dir,
        env: SERVER_ENVIRONMENT,
        ...(user === undefined ? {} : { user }),
        ...(options.onOutput === undefined ? {} : { onLine: options.onOutput }),
        isReady: (line) => /mosquitto version .* running/.test(line),
      };
    },
    { port: options.port, cleanUp: () => options.dir === undefined && removeTemporaryDirectory(dir) },
  );

  return Object.assign(server, {
    host: HOST,
    dir,
    url: `mqtt://${HOST}:${server.port}`,
    users,
    tls:
      tlsPort === undefined || certificates === undefined
        ? undefined
        : { port: tlsPort, url: `mqtts://${HOST}:${tlsPort}`, caFile: certificates.caFile },
    reload: async (access: { users?: readonly MqttCredentials[]; acl?: string }): Promise<void> => {
      writeAccess(access);
      giveTo(user, path('passwords'), ...(options.acl === undefined ? [] : [path('acl')]));
      await server.kill('SIGHUP');
    },
  });
}
