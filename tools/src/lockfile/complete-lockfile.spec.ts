import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, which must run before anything is built
import { inspectLock, platformOf } from '../../lockfile/complete-lockfile.mjs';

describe('platformOf', () => {
  it.each([
    ['@oxlint/binding-linux-arm64-musl', { os: ['linux'], cpu: ['arm64'], libc: ['musl'] }],
    ['@nx/nx-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
    ['@oxlint/binding-win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
    ['@oxlint/binding-android-arm-eabi', { os: ['android'], cpu: ['arm'] }],
    ['@rolldown/binding-wasm32-wasi', { cpu: ['wasm32'] }],
    ['fsevents', { os: ['darwin'] }],
    ['left-pad', undefined],
  ])('reads %s', (name, platform) => {
    expect(platformOf(name)).toEqual(platform);
  });
});

describe('inspectLock', () => {
  const lock = (packages: object) => ({ packages: { '': {}, ...packages } });

  it('adds what is missing, as narrow and as exact as it was asked for', () => {
    const { stubs, problems } = inspectLock(
      lock({ 'node_modules/a': { dev: true, optionalDependencies: { 'a-linux-arm64-musl': '1.2.3' } } }),
    );
    expect(problems).toEqual([]);
    expect(stubs).toEqual({
      'node_modules/a-linux-arm64-musl': {
        version: '1.2.3',
        dev: true,
        optional: true,
        os: ['linux'],
        cpu: ['arm64'],
        libc: ['musl'],
      },
    });
  });

  it('is content with what is there, beside the package or above it', () => {
    const { stubs } = inspectLock(
      lock({
        'apps/x/node_modules/a': { optionalDependencies: { 'a-darwin-x64': '1.0.0' } },
        'node_modules/a-darwin-x64': { version: '1.0.0' },
      }),
    );
    expect(stubs).toEqual({});
  });

  it('puts a second version below the package that asks for it', () => {
    const { stubs } = inspectLock(
      lock({
        'node_modules/a': { optionalDependencies: { 'a-darwin-x64': '2.0.0' } },
        'node_modules/a-darwin-x64': { version: '1.0.0' },
      }),
    );
    expect(Object.keys(stubs)).toEqual(['node_modules/a/node_modules/a-darwin-x64']);
  });

  it('reports a foreign registry and a package whose platform cannot be told', () => {
    const { problems } = inspectLock(
      lock({
        'node_modules/a': {
          resolved: 'https://mirror.example/a.tgz',
          optionalDependencies: { odd: '1.0.0' },
        },
      }),
    );
    expect(problems).toEqual([
      expect.stringContaining('mirror.example'),
      expect.stringContaining('odd@1.0.0'),
    ]);
  });
});
