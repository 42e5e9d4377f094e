import { Injectable } from '@nestjs/common';
import { nocClientGroup, type SubscribeClientRequest } from '@bus/payload-schemas';
import type { LiveSession } from '../connections/live-session.ts';
import { Refusal } from '../refusals/refusal.ts';
import type { ClientEventHandler } from '../sockets/client-event.ts';
import { GroupAccess } from './group-access.ts';
import { GroupSubscriptions } from './group-subscriptions.ts';

/** As many as can be resumed; nobody can follow more with his eyes. */
const MAX_GROUPS = 200;

@Injectable()
export class SubscribeClientHandler implements ClientEventHandler<'subscribe_client'> {
  constructor(
    private readonly access: GroupAccess,
    private readonly subscriptions: GroupSubscriptions,
  ) {}

  async handle({ client_id }: SubscribeClientRequest, live: LiveSession): Promise<object> {
    if (live.socket.rooms.size >= MAX_GROUPS)
      throw new Refusal('tooMany', `At most ${MAX_GROUPS} clients at once.`);
    const group = nocClientGroup(client_id);
    if (!(await this.access.mayRead(live.principal, group))) {
      throw new Refusal('forbidden', 'There is no such client, or it is not yours.');
    }
    const [result] = await this.subscriptions.join(live, [{ group }]);
    return { ...result };
  }
}
