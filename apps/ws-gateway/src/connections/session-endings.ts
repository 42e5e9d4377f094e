import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Server } from 'socket.io';
import { AuthService } from '../auth/auth.service.ts';
import type { Authentication } from '../auth/principal.ts';
import { UserDirectory } from '../auth/user-directory.ts';
import { GroupSubscriptions } from '../groups/group-subscriptions.ts';
import { isRefusal } from '../refusals/refusal.ts';
import { AuthSettings } from '../settings.ts';
import type { LiveSession } from './live-session.ts';
import { LiveSessions } from './live-sessions.ts';

/** The event gateways tell each other, through the sealed adapter. */
const LOGGED_OUT = 'session_logged_out';

/** What was ended, by its public names. */
type Ended = Pick<Authentication, 'sessionId' | 'tokenId'>;

/**
 * Ends live sockets whose right to be there has ended. A logout is told to all gateways at once; whoever missed that, and
 * accounts that were deactivated or changed, or lost a client, are found by looking again at every live socket now and then.
 */
@Injectable()
export class SessionEndings implements OnModuleDestroy {
  private readonly logger = new Logger(SessionEndings.name);
  private server: Server | undefined;
  private readonly recheck: NodeJS.Timeout;
  private isRechecking = false;

  constructor(
    private readonly live: LiveSessions,
    private readonly auth: AuthService,
    private readonly directory: UserDirectory,
    private readonly subscriptions: GroupSubscriptions,
    settings: AuthSettings,
  ) {
    this.recheck = setInterval(() => void this.recheckAll(), settings.SESSION_RECHECK_SECONDS * 1000).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.recheck);
  }

  /** Listens to the other gateways. */
  attach(server: Server): void {
    this.server = server;
    server.on(LOGGED_OUT, (ended: Ended) => this.endLocal(ended));
  }

  /** Ends every socket of the login, here and on every other gateway. */
  loggedOut({ sessionId, tokenId }: Ended): void {
    const ended: Ended = { sessionId, tokenId };
    this.endLocal(ended);
    this.server?.serverSideEmit(LOGGED_OUT, ended);
  }

  /** Looks at every live socket once. Resolves when done; what cannot be checked now is checked next time. */
  async recheckAll(): Promise<void> {
    if (this.isRechecking) return;
    this.isRechecking = true;
    try {
      // One after the other: this must never be a burst on Redis or Postgres.
      for (const live of this.live.all()) await this.recheckOne(live);
    } catch (error) {
      this.logger.warn(`Live sockets could not be checked again: ${String(error)}`);
    } finally {
      this.isRechecking = false;
    }
  }

  private async recheckOne(live: LiveSession): Promise<void> {
    const { authentication, principal } = live;
    if (!(await this.auth.isAlive(authentication))) return live.end('logged_out');
    try {
      await this.directory.confirm({ ...principal, sessionEpoch: authentication.sessionEpoch });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return live.end('account_changed');
    }
    await this.subscriptions.recheck(live);
  }

  private endLocal({ sessionId, tokenId }: Ended): void {
    for (const live of this.live.all()) {
      const { authentication } = live;
      const isMeant =
        (sessionId !== undefined && authentication.sessionId === sessionId) ||
        (tokenId !== undefined && authentication.tokenId === tokenId);
      if (isMeant) live.end('logged_out');
    }
  }
}
