import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createTemporaryDirectory, freePort, removeTemporaryDirectory } from '@bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ComplaintLimit } from './complaint-limit.ts';
import { PortBook } from './port-book.ts';
import { RestartPolicy } from './restart-policy.ts';
import { openSecrets } from './secret-store.ts';
import { AlreadyStartedError, takeClone } from './single-start.ts';
import { parseStartOptions } from './start-options.ts';
import { StateDirectory } from './state-directory.ts';

let root: string;
let state: StateDirectory;
beforeEach(() => {
  root = createTemporaryDirectory('clone');
  state = new StateDirectory(root);
  state.create();
});
afterEach(() => removeTemporaryDirectory(root));

describe('the lock of a clone', () => {
  it('lets one start in, and the next when that one is done', () => {
    const release = takeClone(state);
    expect(() => takeClone(state)).toThrow(AlreadyStartedError);
    release();
    takeClone(state)();
  });

  it('says where the running one is to be seen', () => {
    writeFileSync(state.file('runtime.json'), JSON.stringify({ nocUrl: 'http://127.0.0.1:8080' }));
    const release = takeClone(state);
    expect(() => takeClone(state)).toThrow(new RegExp(`process ${process.pid}.*http://127\\.0\\.0\\.1:8080`));
    release();
  });

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTicks: '1' })],
    ['another process that got the same pid', JSON.stringify({ pid: process.pid, startTicks: '1' })],
    ['a full disk', ''],
  ])('is taken over from %s', (_name, content) => {
    writeFileSync(state.file('start.lock'), content);
    const release = takeClone(state);
    expect(JSON.parse(readFileSync(state.file('start.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    release();
  });
});

describe('the secrets of a clone', () => {
  it('are kept, private, and differ from clone to clone', () => {
    const first = openSecrets(state);
    expect(openSecrets(state)).toEqual(first);
    expect(statSync(state.file('secrets.json')).mode & 0o777).toBe(0o600);
    const other = new StateDirectory(join(root, 'other'));
    other.create();
    expect(openSecrets(other).jwtSecret).not.toBe(first.jwtSecret);
  });

  it('are completed for people who are new, and keep what was given out', () => {
    const { demoUserPasswords, ...others } = openSecrets(state);
    const { noc, ...rest } = demoUserPasswords;
    writeFileSync(state.file('secrets.json'), JSON.stringify({ ...others, demoUserPasswords: rest }));
    const completed = openSecrets(state);
    expect(completed).toMatchObject({ ...others, demoUserPasswords: rest });
    expect(completed.demoUserPasswords['noc']).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){2}$/);
    expect(completed.demoUserPasswords['noc']).not.toBe(noc);
  });

  it('are never replaced silently when the file is damaged', () => {
    writeFileSync(state.file('secrets.json'), '{"jwtSecret":');
    expect(() => openSecrets(state)).toThrow(/--fresh/);
  });
});

describe('the port book', () => {
  it('gives everybody the same port at the next start', async () => {
    const first = await PortBook.open(state).take('redis');
    expect(await PortBook.open(state).take('redis')).toBe(first);
  });

  it('gives another one when the port is taken', async () => {
    const taken = await freePort();
    writeFileSync(state.file('ports.json'), JSON.stringify({ redis: taken }));
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(taken, '127.0.0.1', resolve));
    const port = await PortBook.open(state).take('redis');
    expect(port).not.toBe(taken);
    expect(JSON.parse(readFileSync(state.file('ports.json'), 'utf8'))).toEqual({ redis: port });
    await new Promise((resolve) => squatter.close(resolve));
  });

  it('never gives two of a clone the same port', async () => {
    writeFileSync(state.file('ports.json'), JSON.stringify({ redis: 8080 }));
    expect(await PortBook.open(state).take('noc')).not.toBe(8080);
  });
});

describe('the folder of a clone', () => {
  it('is wiped of everything but the locks of the start under way', () => {
    const release = takeClone(state);
    mkdirSync(join(state.serversDirectory(), 'redis'));
    openSecrets(state);
    state.wipe();
    expect(() => statSync(state.file('secrets.json'))).toThrow(/ENOENT/);
    expect(() => statSync(join(state.path, 'servers'))).toThrow(/ENOENT/);
    expect(() => takeClone(state)).toThrow(AlreadyStartedError);
    release();
  });
});

describe('the pauses between restarts', () => {
  it('grow while it keeps falling over, and begin anew after a healthy time', () => {
    let now = 0;
    const policy = new RestartPolicy(() => now);
    expect(Array.from({ length: 8 }, () => policy.nextPauseMs())).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
    policy.started();
    now += 30_000;
    expect(policy.nextPauseMs()).toBe(500);
  });
});

describe('complaints', () => {
  it('are shown up to five in ten seconds, each process by itself, and the others counted', () => {
    let now = 0;
    const shown: string[] = [];
    const limit = new ComplaintLimit(
      (source, text) => shown.push(`${source} ${text}`),
      () => now,
    );
    expect(Array.from({ length: 8 }, () => limit.admit('worker')).filter(Boolean)).toHaveLength(5);
    expect(limit.admit('gateway')).toBe(true);
    now = 10_000;
    expect(limit.admit('worker')).toBe(true);
    expect(shown).toEqual(['worker ... and 3 more, see .data/logs/worker.log']);
  });
});

describe('the options of npm start', () => {
  it('are off unless given', () => {
    expect(parseStartOptions([])).toEqual({ fresh: false, simulator: true, help: false });
    expect(parseStartOptions(['--fresh', '--no-simulator'])).toMatchObject({ fresh: true, simulator: false });
    expect(() => parseStartOptions(['--frehs'])).toThrow(/frehs/);
  });
});
