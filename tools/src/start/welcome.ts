import { styleText } from 'node:util';
import type { Runtime } from './runtime-file.ts';

const EXAMPLE_ALERT = {
  alert_type: 'panic',
  severity: 'critical',
  message: 'Panic button pressed',
  location: { lat: 19.076, lon: 72.8777 },
};

/** What somebody needs who sees the bus for the first time: where to look, who to be, what to try. */
export function welcome(runtime: Runtime, runtimeFile: string, logs: string, seconds: number): string {
  const noc = runtime.demo.users.find(({ role }) => role === 'noc_operator');
  const lines = [
    '',
    `${styleText('bold', 'The bus is running')} (after ${seconds.toFixed(1)} s)`,
    '',
    `  NOC       ${styleText('cyan', runtime.nocUrl)}   ${noc?.username ?? ''} / ${noc?.password ?? ''}`,
    `  Metrics   ${styleText('cyan', runtime.metricsUrl)}`,
    `  Details   ${runtimeFile}   logs: ${logs}`,
    '',
  ];
  const command = publishCommand(runtime);
  if (command !== undefined) lines.push('  Send an alert:', `    ${command}`, '');
  lines.push('  Ctrl-C stops everything.', '');
  return lines.join('\n');
}

/** A line for a shell that sends one new critical alert each time it is run. */
export function publishCommand({ mqtt, demo }: Runtime): string | undefined {
  const device = demo.devices[0];
  if (device === undefined) return undefined;
  return [
    `mosquitto_pub -V 5 -h ${mqtt.host} -p ${mqtt.port} -u ${device.username} -P ${device.password} -q 1`,
    `-t alert/${EXAMPLE_ALERT.alert_type}/${device.username}`,
    '-D publish user-property message_id "$(cat /proc/sys/kernel/random/uuid)"',
    `-m '${JSON.stringify(EXAMPLE_ALERT)}'`,
  ].join(' ');
}
