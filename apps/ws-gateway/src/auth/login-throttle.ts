import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SharedWindow, type WindowAnswer, type WindowRule } from '../limits/shared-window.ts';
import { anonymousPeer } from '../network/client-address.ts';
import { Refusal } from '../refusals/refusal.ts';
import { LimitSettings } from '../settings.ts';

const WINDOW_MS = 5 * 60_000;

/**
 * Bounds password guessing, by address and by user name, over all gateways. A try is counted before the password is looked
 * at, so a thousand tries at once are still a thousand; a successful login takes its try back.
 */
@Injectable()
export class LoginThrottle {
  private readonly perAddress: WindowRule;
  private readonly perUsername: WindowRule;

  constructor(
    private readonly window: SharedWindow,
    limits: LimitSettings,
  ) {
    this.perAddress = { scope: 'login-ip', limit: limits.LOGIN_FAILURES_PER_IP, windowMs: WINDOW_MS };
    this.perUsername = {
      scope: 'login-name',
      limit: limits.LOGIN_FAILURES_PER_USERNAME,
      windowMs: WINDOW_MS,
    };
  }

  /**
   * Counts a try. Call the result once the login has succeeded.
   * @throws Refusal `tooMany` with the time to wait.
   */
  async countTry(address: string, username: string): Promise<() => Promise<void>> {
    const peer = anonymousPeer(address);
    const name = usernameHash(username);
    const byAddress = admitted(await this.window.take(this.perAddress, peer));
    const answer = await this.window.take(this.perUsername, name);
    if (!answer.allowed) await this.window.giveBack(this.perAddress, peer, byAddress);
    const byUsername = admitted(answer);
    return async () => {
      await this.window.giveBack(this.perAddress, peer, byAddress);
      await this.window.giveBack(this.perUsername, name, byUsername);
    };
  }
}

/** Names a user name without repeating it: people do type their password into the wrong field. */
export function usernameHash(username: string): string {
  return createHash('sha256').update(username.trim().toLowerCase()).digest('base64url').slice(0, 22);
}

function admitted(answer: WindowAnswer): string {
  if (answer.allowed) return answer.entry;
  throw new Refusal('tooMany', 'Too many failed logins. Wait before you try again.', {
    retryAfterSeconds: Math.ceil(answer.retryAfterMs / 1000),
  });
}
