import type { Session } from '../session/session.ts';
import { isSilent, readSnapshots } from '../session/snapshots.ts';
import { failed, ok, type Finding } from './finding.ts';

/** Whether the processes of the bus are there and tell how they are. */
export async function checkMetrics(session: Session): Promise<Finding[]> {
  const check = 'every process publishes its metrics';
  const snapshots = await readSnapshots(session);
  if (snapshots.length === 0) {
    return [failed(check, 'no process does', 'start the bus: npm start, or docker compose up')];
  }
  const silent = snapshots.filter((snapshot) => isSilent(snapshot));
  if (silent.length > 0) {
    const names = silent.map(({ app, instance }) => `${app} ${instance}`).join(', ');
    return [failed(check, `silent: ${names}`, 'it died or hangs: see its log, and start it again')];
  }
  return [
    ok(
      check,
      snapshots.map(({ app, instance }) => (app === instance ? app : `${app} ${instance}`)).join(', '),
    ),
  ];
}
