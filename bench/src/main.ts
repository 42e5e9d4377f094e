/** `npm run bench [-- scenario …]`: runs the named scenarios (default: all) and writes bench/results/. */
import { writeReport, type ScenarioReport } from './report.ts';
import { alertLatency } from './scenarios/alert-latency.ts';
import { alertRate, alertStorm } from './scenarios/alert-rate.ts';
import { circuitBreaker } from './scenarios/circuit-breaker.ts';
import { idle } from './scenarios/idle.ts';
import { taskEnqueue } from './scenarios/task-enqueue.ts';
import { taskLatency } from './scenarios/task-latency.ts';
import { taskMemory } from './scenarios/task-memory.ts';
import { taskThroughput } from './scenarios/task-throughput.ts';
import { telemetry } from './scenarios/telemetry.ts';

const SCENARIOS: Record<string, () => Promise<ScenarioReport>> = {
  idle,
  'alert-latency': alertLatency,
  'alert-rate': alertRate,
  'alert-storm': alertStorm,
  telemetry,
  'task-throughput': taskThroughput,
  'task-latency': taskLatency,
  'task-enqueue': taskEnqueue,
  'task-memory': taskMemory,
  'circuit-breaker': circuitBreaker,
};

const wanted = process.argv.slice(2).filter((argument) => argument !== '--');
const unknown = wanted.filter((name) => !(name in SCENARIOS));
if (unknown.length > 0) {
  process.stderr.write(
    `No scenario ${unknown.join(', ')}. There are: ${Object.keys(SCENARIOS).join(', ')}.\n`,
  );
  process.exit(2);
}

let broken = 0;
for (const name of wanted.length > 0 ? wanted : Object.keys(SCENARIOS)) {
  process.stdout.write(`${name}\n`);
  const report = await SCENARIOS[name]!();
  writeReport(report);
  broken += report.verdicts.filter(({ kept }) => !kept).length;
}
process.stdout.write(broken === 0 ? 'every promise kept\n' : `${broken} promises broken\n`);
process.exit(broken === 0 ? 0 : 1);
