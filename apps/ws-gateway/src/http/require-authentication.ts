import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AuthService } from '../auth/auth.service.ts';
import { SessionCookies } from '../auth/session-cookie.ts';
import { bearerToken } from '../network/bearer-token.ts';
import { TrustedProxies } from '../network/client-address.ts';
import { Refusal } from '../refusals/refusal.ts';
import { refuseQueryCredentials } from '../sockets/handshake-request.ts';
import { CrossSiteGuard, requireJson } from './cross-site-guard.ts';
import { deviceOf, type AuthenticatedRequest } from './gateway-request.ts';

const READING_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** Lets in who shows a Bearer token or a session cookie. With a cookie, changes must also come from an allowed page. */
@Injectable()
export class RequireAuthentication implements CanActivate {
  constructor(
    private readonly auth: AuthService,
    private readonly cookies: SessionCookies,
    private readonly crossSite: CrossSiteGuard,
    private readonly proxies: TrustedProxies,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    refuseQueryCredentials(Object.keys(request.query));
    const { peer, device } = deviceOf(request, this.proxies);
    const token = bearerToken(request.headers.authorization);
    if (token !== undefined) {
      // A body that is not read would be a note that is silently lost.
      if (hasBody(request)) requireJson(request);
      request.authentication = await this.auth.authenticateToken(token, device);
      return true;
    }
    const { session } = this.cookies.read(request.headers.cookie, peer);
    if (session === undefined) throw new Refusal('unauthenticated', 'Log in first.');
    if (!READING_METHODS.includes(request.method)) this.crossSite.check(request, peer, { byCookie: true });
    request.authentication = await this.auth.authenticateSession(session, device);
    return true;
  }
}

function hasBody({ headers }: AuthenticatedRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
