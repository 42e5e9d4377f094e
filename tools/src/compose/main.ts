/** The one-off steps of docker-compose.yml: `prepare` before the servers start, `migrate` before the apps do. */
import { join } from 'node:path';
import { CONFIG_DIRECTORY, PUBLISHED_PORTS } from './containers.ts';
import { migrate } from './migrate.ts';
import { prepare } from './prepare.ts';

const STEPS: Record<string, () => Promise<void>> = {
  prepare: async () => {
    prepare('/prepared', {
      ports: {
        noc: Number(process.env['NOC_PORT'] ?? PUBLISHED_PORTS.noc),
        metrics: Number(process.env['METRICS_PORT'] ?? PUBLISHED_PORTS.metrics),
      },
    });
    process.stdout.write('Secrets and settings are ready.\n');
  },
  migrate: async () => {
    process.stdout.write(`${await migrate(join(CONFIG_DIRECTORY, 'runtime.json'))}\n`);
  },
};

const [name = ''] = process.argv.slice(2);
const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
try {
  if (step === undefined) throw new Error(`Say which step: ${Object.keys(STEPS).join(' or ')}`);
  await step();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
