import { Injectable, Logger } from '@nestjs/common';
import { GAP_EVENT, ResumeCoordinator, type GroupRequest, type GroupResult } from '@bus/channel-layer';
import { Metrics } from '@bus/observability';
import type { SubscribedEvent, SubscribedGroup } from '@bus/payload-schemas';
import { principalView, type Principal } from '../auth/principal.ts';
import type { LiveSession } from '../connections/live-session.ts';
import type { ResumePosition } from '../sockets/handshake-request.ts';
import { GroupAccess } from './group-access.ts';
import { OpenAlertsSnapshot } from './open-alerts.ts';

/** The position of a group one is not in. */
const NOWHERE = { epoch: '', offset: '0' } as const;

/** Brings browsers into their groups and up to date. */
@Injectable()
export class GroupSubscriptions {
  private readonly logger = new Logger(GroupSubscriptions.name);

  constructor(
    private readonly access: GroupAccess,
    private readonly coordinator: ResumeCoordinator,
    private readonly snapshots: OpenAlertsSnapshot,
    private readonly metrics: Metrics,
  ) {}

  /**
   * The first thing after connecting: home groups, and the groups the browser was in before, each caught up; then
   * the notice `subscribed`. A group it may not read is in the notice with result `gap` and reason `forbidden`.
   */
  welcome(live: LiveSession, resume: readonly ResumePosition[]): Promise<void> {
    return live.outbound.whileCatchingUp(() => this.resume(live, resume));
  }

  /** Replays and joins groups the principal was found to be allowed to read. */
  join(live: LiveSession, groups: readonly GroupRequest[]): Promise<SubscribedGroup[]> {
    return live.outbound.whileCatchingUp(async () => {
      const results = await this.coordinator.join(live.socket, groups);
      const subscribed: SubscribedGroup[] = [];
      for (const result of results) subscribed.push(await this.withSnapshot(live, result));
      return subscribed;
    });
  }

  /** Takes a browser out of groups its user may not read any more, and says so. Rejects when Postgres is away. */
  async recheck({ socket, principal }: LiveSession): Promise<void> {
    const groups = [...socket.rooms].filter((room) => room !== socket.id);
    const readable = await this.access.readable(principal, groups);
    for (const group of groups) {
      if (readable.has(group)) continue;
      await socket.leave(group);
      socket.emit(GAP_EVENT, { group, ...NOWHERE, reason: 'forbidden' });
    }
  }

  private async resume(live: LiveSession, resume: readonly ResumePosition[]): Promise<void> {
    const { principal, socket } = live;
    const positions = new Map(resume.map(({ group, epoch, offset }) => [group, { epoch, offset }]));
    const home: string[] = this.access.homeGroups(principal);
    const others = [...positions.keys()].filter((group) => !home.includes(group));
    const { readable, reason } = await this.readable(principal, others);
    const allowed = [...home, ...others.filter((group) => readable.has(group))];
    const joined = await this.join(
      live,
      allowed.map((group) => ({ group, position: positions.get(group) })),
    );
    const refused = others
      .filter((group) => !readable.has(group))
      .map((group) => ({ group, result: 'gap' as const, replayed: 0, ...NOWHERE, reason }));
    const notice: SubscribedEvent = {
      groups: [...joined, ...refused],
      server_time: new Date().toISOString(),
      user: principalView(principal),
    };
    socket.emit('subscribed', notice);
  }

  private async readable(
    principal: Principal,
    groups: readonly string[],
  ): Promise<{ readable: ReadonlySet<string>; reason: 'forbidden' | 'unavailable' }> {
    try {
      return { readable: await this.access.readable(principal, groups), reason: 'forbidden' };
    } catch (error) {
      this.logger.warn(`Whether groups may be resumed cannot be checked: ${String(error)}`);
      return { readable: new Set(), reason: 'unavailable' };
    }
  }

  /** Lost events of an alert group are made good by what is open now; only if even that cannot be read, the gap stands. */
  private async withSnapshot(live: LiveSession, result: GroupResult): Promise<SubscribedGroup> {
    const subscribed = result.result === 'gap' ? await this.snapshotFor(live, result) : { ...result };
    this.metrics.counter('bus_websocket_resume_total').inc({ result: subscribed.result });
    this.metrics.counter('bus_websocket_replayed_events_total').inc(result.replayed);
    return subscribed;
  }

  private async snapshotFor(live: LiveSession, gap: GroupResult): Promise<SubscribedGroup> {
    try {
      const open = await this.snapshots.of(live.principal, gap.group);
      if (open === null) return { ...gap };
      const reason = open.isTruncated ? 'truncated' : gap.reason;
      return { ...gap, reason, result: 'snapshot', snapshot: open.alerts };
    } catch (error) {
      this.logger.warn(`The open alerts cannot be read, the browser is told of a gap: ${String(error)}`);
      return { ...gap };
    }
  }
}
