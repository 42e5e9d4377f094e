import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { DEMO_FLEET, DEMO_USERS } from '@bus/database';
import { createTemporaryDirectory, removeTemporaryDirectory } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUS_APPS, type BusApp } from '../bus/app-environment.ts';
import type { Runtime } from '../start/runtime-file.ts';
import type { CloneSecrets } from '../start/secret-store.ts';
import { PREPARED_SERVICES } from './containers.ts';
import { renderEnvFile } from './env-file.ts';
import { ownersHere } from './owners.fixture.ts';
import { prepare } from './prepare.ts';

let root: string;
beforeEach(() => {
  root = createTemporaryDirectory('prepare');
});
afterEach(() => removeTemporaryDirectory(root));

const run = (): void => prepare(root, { owners: ownersHere });
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const secretsNow = (): CloneSecrets => JSON.parse(read('secrets', 'secrets.json')) as CloneSecrets;
const environmentOf = (app: BusApp) => parseEnv(read(app, 'app.env')) as Record<string, string>;
const filesOf = (service: string): string[] => readdirSync(join(root, service));
const accessTo = (...path: string[]) => {
  const { uid, gid, mode } = statSync(join(root, ...path));
  return { uid, gid, mode: mode & 0o777 };
};
const knows = (secret: string): string[] =>
  PREPARED_SERVICES.filter((service) =>
    filesOf(service).some((name) => read(service, name).includes(secret)),
  );

describe('prepare', () => {
  it('gives the same secrets again each time', () => {
    run();
    const first = { secrets: secretsNow(), gateway: read('ws-gateway', 'app.env') };
    run();
    expect({ secrets: secretsNow(), gateway: read('ws-gateway', 'app.env') }).toEqual(first);
  });

  it('gives every installation secrets of its own', () => {
    run();
    const { jwtSecret, redisPassword, demoUserPasswords } = secretsNow();
    prepare(join(root, 'another'), { owners: ownersHere });
    const another = JSON.parse(read('another', 'secrets', 'secrets.json')) as CloneSecrets;
    expect(another.jwtSecret).not.toBe(jwtSecret);
    expect(another.redisPassword).not.toBe(redisPassword);
    expect(another.demoUserPasswords).not.toEqual(demoUserPasswords);
  });

  it('adds what an older build did not have, and keeps the rest', () => {
    run();
    const { jwtSecret: _lost, ...older } = secretsNow();
    chmodSync(join(root, 'secrets', 'secrets.json'), 0o600);
    writeFileSync(join(root, 'secrets', 'secrets.json'), JSON.stringify(older));
    run();
    expect(secretsNow()).toMatchObject(older);
    expect(environmentOf('ws-gateway')['JWT_SECRET']).toBe(secretsNow().jwtSecret);
  });

  it('makes no new secrets in place of damaged ones', () => {
    mkdirSync(join(root, 'secrets'));
    writeFileSync(join(root, 'secrets', 'secrets.json'), '{"jwtSe');
    expect(run).toThrow('docker compose down --volumes');
    expect(readdirSync(root)).toEqual(['secrets']);
  });

  it('goes on where an earlier run was cut off', () => {
    mkdirSync(join(root, 'redis'));
    writeFileSync(join(root, 'redis', 'redis.conf.tmp'), 'half', { mode: 0o400 });
    run();
    expect(filesOf('redis').toSorted()).toEqual(['password', 'redis.conf']);
    expect(read('redis', 'redis.conf')).toContain('maxmemory-policy noeviction');
  });

  it('lets the files of a service be read by its user alone', () => {
    run();
    expect(readdirSync(root).toSorted()).toEqual([...PREPARED_SERVICES, 'secrets'].toSorted());
    const files = PREPARED_SERVICES.flatMap((service) => filesOf(service).map((name) => ({ service, name })));
    const access = files.map(({ service, name }) => ({ service, name, ...accessTo(service, name) }));
    expect(access).toEqual(files.map((file) => ({ ...file, ...ownersHere[file.service], mode: 0o400 })));
    expect(accessTo('secrets', 'secrets.json').mode).toBe(0o400);
  });

  it('tells each service only what it needs', () => {
    run();
    const { jwtSecret, postgresPassword, redisPassword, encryptionKey, workerPassword } = secretsNow();
    expect(knows(jwtSecret)).toEqual(['ws-gateway']);
    expect(knows(workerPassword)).toEqual(['task-worker']);
    expect(knows(encryptionKey)).toEqual(['task-worker', 'mqtt-ingest', 'ws-gateway']);
    expect(knows(postgresPassword)).toEqual([
      'postgres',
      'migrate',
      'task-worker',
      'mqtt-ingest',
      'ws-gateway',
    ]);
    expect(knows(redisPassword)).toEqual(['redis', 'migrate', ...BUS_APPS]);
  });

  it('describes the demo to the migration, and its devices to the fleet', () => {
    prepare(root, { owners: ownersHere, ports: { noc: 18_080, metrics: 19_464 } });
    const runtime = JSON.parse(read('migrate', 'runtime.json')) as Runtime;
    const { demoUserPasswords, devicePasswords } = secretsNow();
    expect(runtime).toMatchObject({
      nocUrl: 'http://127.0.0.1:18080',
      metricsUrl: 'http://127.0.0.1:19464/metrics/export/',
      mqtt: { host: 'mosquitto', port: 1883 },
    });
    expect(Object.fromEntries(runtime.demo.users.map((user) => [user.username, user.password]))).toEqual(
      demoUserPasswords,
    );
    expect(runtime.demo.users).toHaveLength(DEMO_USERS.length);

    const forFleet = JSON.parse(read('fleet', 'runtime.json')) as Runtime;
    expect(Object.keys(forFleet.demo)).toEqual(['devices']);
    expect(forFleet.demo.devices).toHaveLength(DEMO_FLEET.length);
    for (const { username, password } of forFleet.demo.devices)
      expect(devicePasswords[username]).toBe(password);
  });
});

describe('renderEnvFile', () => {
  it('refuses values Node would read differently', () => {
    expect(renderEnvFile({ KEY: 'a+b/c==', URL: 'redis://:pw@redis:6379' })).toBe(
      'KEY=a+b/c==\nURL=redis://:pw@redis:6379\n',
    );
    for (const value of ['two\nlines', 'a #comment', ' padded ', '"quoted"']) {
      expect(() => renderEnvFile({ FINE: 'yes', ODD: value })).toThrow('values of ODD');
    }
  });
});
