import { Injectable } from '@nestjs/common';
import { GroupHistory } from '@bus/channel-layer';
import type { HistoryRequest } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import { GroupAccess } from '../groups/group-access.ts';
import { Refusal } from '../refusals/refusal.ts';
import type { ClientEventHandler } from '../sockets/client-event.ts';

/** A page of history; a screen asks again from where it ended. */
const MAX_EVENTS = 200;

@Injectable()
export class HistoryHandler implements ClientEventHandler<'history'> {
  constructor(
    private readonly access: GroupAccess,
    private readonly history: GroupHistory,
  ) {}

  async handle({ group, epoch, offset }: HistoryRequest, { principal }: LiveSession): Promise<object> {
    if (!(await this.access.mayRead(principal, group))) {
      throw new Refusal('forbidden', 'There is no such group, or it is not yours.');
    }
    const answer = await this.history.since(group, { epoch, offset }, MAX_EVENTS);
    return answer.result === 'gap' ? { ...answer, events: [] } : answer;
  }
}
