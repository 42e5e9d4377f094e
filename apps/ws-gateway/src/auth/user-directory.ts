import { Inject, Injectable, Logger } from '@nestjs/common';
import { UserQueries, type UserAccount } from '@bus/database';
import { RuntimeSettings } from '@bus/platform';
import { Refusal } from '../refusals/refusal.ts';
import type { Principal } from './principal.ts';

/** What a token or session says about a user. */
export interface ClaimedIdentity extends Principal {
  readonly sessionEpoch: number | undefined;
}

/** How long an account is believed without asking again. Deactivation reaches live sockets by the periodic re-check. */
const FRESH_MS = 2_000;
/** A Postgres that hangs must not hang the handshakes. */
const PATIENCE_MS = 1_500;
const MAX_REMEMBERED = 2_000;

type Answer = UserAccount | null | 'unavailable';

/**
 * Whether people are still who their credential says. The credential was signed by us and lives for minutes, so while
 * Postgres is away it is believed: operators must be able to open their screen then, too.
 */
@Injectable()
export class UserDirectory {
  private readonly logger = new Logger(UserDirectory.name);
  private readonly remembered = new Map<number, { answer: Promise<Answer>; askedAtMs: number }>();

  constructor(
    private readonly users: UserQueries,
    @Inject(RuntimeSettings) private readonly runtime: RuntimeSettings,
  ) {}

  /** @throws Refusal `unauthenticated` when the account is gone, inactive, changed, or its sessions were ended. */
  async confirm(claimed: ClaimedIdentity): Promise<Principal> {
    const account = await this.account(claimed.id);
    if (account === 'unavailable') return claimed;
    if (account === null || !this.isSame(account, claimed)) {
      throw new Refusal('unauthenticated', 'The account has changed. Log in again.');
    }
    return { id: account.id, username: account.username, role: account.role, tenantId: account.tenantId };
  }

  /** Demo accounts are for trying things out; in production nobody gets in with one, whenever it was made. */
  isAdmitted(account: UserAccount): boolean {
    return !(account.isDemo && this.runtime.NODE_ENV === 'production');
  }

  private isSame(account: UserAccount, claimed: ClaimedIdentity): boolean {
    return (
      this.isAdmitted(account) &&
      account.role === claimed.role &&
      account.tenantId === claimed.tenantId &&
      (claimed.sessionEpoch === undefined || claimed.sessionEpoch >= account.sessionEpoch)
    );
  }

  private account(userId: number): Promise<Answer> {
    const known = this.remembered.get(userId);
    if (known !== undefined && performance.now() - known.askedAtMs < FRESH_MS) return known.answer;
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    const answer = this.ask(userId);
    this.remembered.set(userId, { answer, askedAtMs: performance.now() });
    return answer;
  }

  private async ask(userId: number): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    });
    try {
      return await Promise.race([this.users.byId(userId), patience]);
    } catch (error) {
      this.logger.warn(`Accounts cannot be looked up, tokens are believed as they are: ${String(error)}`);
      return 'unavailable';
    } finally {
      clearTimeout(timer);
    }
  }
}
