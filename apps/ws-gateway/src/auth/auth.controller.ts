import { Body, Controller, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { SessionEndings } from '../connections/session-endings.ts';
import { CrossSiteGuard } from '../http/cross-site-guard.ts';
import { CurrentUser, deviceOf } from '../http/gateway-request.ts';
import { RequireAuthentication } from '../http/require-authentication.ts';
import { TrustedProxies } from '../network/client-address.ts';
import { Refusal } from '../refusals/refusal.ts';
import { validatedBody } from '../refusals/validated-body.ts';
import { AuthService } from './auth.service.ts';
import { LoginRequest } from './login.request.ts';
import { principalView, type Authentication, type PrincipalView } from './principal.ts';
import { SessionCookies } from './session-cookie.ts';
import type { Session } from './session-store.ts';
import type { IssuedToken } from './token-service.ts';

/** Answer of a login and of a new token. Both are null where an identity provider issues the tokens. */
interface TokenAnswer {
  readonly token: string | null;
  /** ISO 8601. */
  readonly expires_at: string | null;
  readonly user: PrincipalView;
}

/** Logging in, staying in, logging out. */
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly cookies: SessionCookies,
    private readonly crossSite: CrossSiteGuard,
    private readonly endings: SessionEndings,
    private readonly proxies: TrustedProxies,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login(
    @Body() body: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TokenAnswer> {
    const { peer, device } = deviceOf(request, this.proxies);
    this.crossSite.check(request, peer, { byCookie: false });
    const { username, password } = validatedBody(LoginRequest, body);
    const { cookieValue, session, token } = await this.auth.login(username, password, device);
    const cookie = { value: cookieValue, expiresAtMs: session.expiresAtMs };
    response.setHeader('Set-Cookie', this.cookies.write(peer, cookie));
    return answer(session, token);
  }

  /** A fresh token for the session of the cookie. */
  @Post('token')
  @HttpCode(200)
  async token(@Req() request: Request): Promise<TokenAnswer> {
    const { peer, device } = deviceOf(request, this.proxies);
    const cookie = this.cookies.read(request.headers.cookie, peer).session;
    if (cookie === undefined) throw new Refusal('unauthenticated', 'Log in first.');
    this.crossSite.check(request, peer, { byCookie: true });
    const session = await this.auth.session(cookie, device);
    return answer(session, await this.auth.issueFor(session, device));
  }

  /** Ends the login: its session, its tokens, its sockets on every gateway. */
  @Post('logout')
  @HttpCode(204)
  @UseGuards(RequireAuthentication)
  async logout(
    @CurrentUser() authentication: Authentication,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.auth.logout(authentication);
    this.endings.loggedOut(authentication);
    response.setHeader('Set-Cookie', this.cookies.write(deviceOf(request, this.proxies).peer, undefined));
  }
}

function answer({ principal }: Session, token: IssuedToken | undefined): TokenAnswer {
  return {
    token: token?.token ?? null,
    expires_at: token?.expiresAt ?? null,
    user: principalView(principal),
  };
}
