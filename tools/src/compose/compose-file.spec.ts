import { describe, expect, it } from 'vitest';
import { BUS_APPS } from '../bus/app-environment.ts';
import { readComposeFile, type ComposeService } from './container-files.fixture.ts';
import {
  CONFIG_DIRECTORY,
  CONTAINER_USERS,
  PREPARED_SERVICES,
  PUBLISHED_PORTS,
  SERVERS,
} from './containers.ts';

const { text, services, volumes } = readComposeFile();
const entries = Object.entries(services);
const service = (name: string): ComposeService => services[name] ?? {};

const conditionsOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service(name).depends_on ?? {}).map(([needed, { condition }]) => [needed, condition]),
  );

/** Built from the Dockerfile: the apps and what runs from the tools. */
const NODE_SERVICES = entries.filter(([, { build }]) => build !== undefined).map(([name]) => name);

describe('docker-compose.yml', () => {
  it('runs every app of the bus, and besides them what npm start runs', () => {
    const built = BUS_APPS.filter((app) => service(app).build?.args['APP'] === app);
    expect(built).toEqual(BUS_APPS);
    expect(Object.keys(services).toSorted()).toEqual([...PREPARED_SERVICES, 'prepare'].toSorted());
  });

  it.each(entries)('names a version of the image of %s', (_name, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:(?!latest$)[\w.-]+$/);
  });

  it.each(NODE_SERVICES)('builds the image of %s instead of fetching it', (name) => {
    const { build, image, pull_policy } = service(name);
    expect({ image, pull_policy }).toEqual({
      image: `message-bus/${build?.args['APP']}:development`,
      pull_policy: 'build',
    });
  });

  it('publishes the gateway and the exporter, on loopback, and nothing else', () => {
    const published = entries.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([
      ['ws-gateway', `127.0.0.1:\${NOC_PORT:-${PUBLISHED_PORTS.noc}}:8080`],
      ['metrics-exporter', `127.0.0.1:\${METRICS_PORT:-${PUBLISHED_PORTS.metrics}}:9464`],
    ]);
    expect(service('prepare').environment).toMatchObject({
      NOC_PORT: `\${NOC_PORT:-${PUBLISHED_PORTS.noc}}`,
      METRICS_PORT: `\${METRICS_PORT:-${PUBLISHED_PORTS.metrics}}`,
    });
  });

  it('lets what is published be reached from outside its container', () => {
    expect(service('ws-gateway').environment).toMatchObject({ GATEWAY_HOST: '0.0.0.0' });
    expect(service('metrics-exporter').environment).toMatchObject({ EXPORTER_HOST: '0.0.0.0' });
  });

  it('needs nothing from the environment of whoever starts it', () => {
    const withoutDefault = [...text.matchAll(/(?<!\$)\$(?:\{(\w+)(?!\w|:-)|(\w+))/g)].map(([found]) => found);
    expect(withoutDefault).toEqual([]);
  });

  it('holds no secret', () => {
    const variables = entries.flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(variables.filter((name) => /PASSWORD|SECRET|KEY|TOKEN|_URL/.test(name))).toEqual([
      'POSTGRES_PASSWORD_FILE',
    ]);
    expect(text).not.toMatch(/:\/\/[^\s/'"]*@/);
    expect(text).not.toMatch(/requirepass|--pass|env_file/);
  });

  it.each(entries)('takes every right from %s that it can do without', (name, given) => {
    expect(given).toMatchObject({ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    for (const right of ['privileged', 'pid', 'ipc', 'devices']) expect(given).not.toHaveProperty(right);
    expect(given.cap_add).toEqual(name === 'prepare' ? ['CHOWN'] : undefined);
  });

  it.each(NODE_SERVICES)('lets %s write nowhere but in memory', (name) => {
    expect(service(name)).toMatchObject({ read_only: true, tmpfs: ['/tmp'], init: true });
  });

  it('leaves the one process that runs as root without a network', () => {
    const asRoot = entries.filter(([, { user }]) => user === undefined || /^(root|0)/.test(user));
    expect(asRoot.map(([name]) => name)).toEqual(['prepare']);
    expect(service('prepare').network_mode).toBe('none');
  });

  it.each(PREPARED_SERVICES)('gives %s what was prepared for it, and lets nobody else see it', (name) => {
    const { uid, gid } = CONTAINER_USERS[name];
    expect(service(name).user).toBe(NODE_SERVICES.includes(name) ? 'node' : `${uid}:${gid}`);
    const mounts = entries.flatMap(([user, given]) =>
      (given.volumes ?? [])
        .filter((volume) => volume.startsWith(`${name}-config:`))
        .map((volume) => [user, volume.slice(volume.indexOf(':') + 1)]),
    );
    expect(mounts).toEqual([
      ['prepare', `/prepared/${name}`],
      [name, `${CONFIG_DIRECTORY}:ro`],
    ]);
  });

  it('keeps everything in volumes of its own and mounts nothing of the machine', () => {
    const mounted = entries.flatMap(([, given]) => given.volumes ?? []).map((volume) => volume.split(':')[0]);
    expect(new Set(mounted)).toEqual(new Set(Object.keys(volumes)));
    expect(service('redis').volumes).toContain('redis-data:/data');
    expect(service('mosquitto').volumes).toContain(`mosquitto-data:${SERVERS.mosquitto.dataDirectory}`);
    expect(service('postgres').volumes).toContain('postgres-data:/var/lib/postgresql/data');
    const holders = entries.filter(([, given]) =>
      given.volumes?.some((volume) => volume.startsWith('secrets:')),
    );
    expect(holders.map(([name]) => name)).toEqual(['prepare']);
  });

  it('starts everything only after what it needs', () => {
    const prepared = { prepare: 'service_completed_successfully' };
    expect(conditionsOf('redis')).toEqual(prepared);
    expect(conditionsOf('mosquitto')).toEqual(prepared);
    expect(conditionsOf('postgres')).toEqual(prepared);
    expect(conditionsOf('migrate')).toEqual({ postgres: 'service_healthy' });
    expect(conditionsOf('fleet')).toMatchObject({ 'mqtt-ingest': 'service_healthy' });
  });

  it.each(BUS_APPS)('starts %s when the servers are well and the database is made', (app) => {
    expect(conditionsOf(app)).toEqual({
      redis: 'service_healthy',
      mosquitto: 'service_healthy',
      migrate: 'service_completed_successfully',
    });
  });

  it('asks everybody for their health who is waited for', () => {
    const waitedFor = entries.flatMap(([name]) =>
      Object.entries(conditionsOf(name)).filter(([, condition]) => condition === 'service_healthy'),
    );
    const silent = waitedFor.filter(([name]) => service(name).healthcheck?.test === undefined);
    expect(waitedFor.length).toBeGreaterThan(0);
    expect(silent).toEqual([]);
  });

  it('runs one-off steps once and everything else for good', () => {
    const once = entries.filter(([, { restart }]) => restart === 'no').map(([name]) => name);
    expect(once).toEqual(['prepare', 'migrate']);
    const forGood = entries.filter(([, { restart }]) => restart === 'unless-stopped');
    expect(forGood).toHaveLength(entries.length - once.length);
  });

  it.each(BUS_APPS)('watches %s, and lets it finish its work', (app) => {
    expect(service(app).healthcheck?.test?.join(' ')).toContain('/healthz/ready');
    expect(service(app).stop_grace_period).toBe('30s');
    expect(service(app).command).toContain(`--env-file=${CONFIG_DIRECTORY}/app.env`);
  });
});
