import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { DeviceTraits } from '../auth/device-fingerprint.ts';
import type { Authentication } from '../auth/principal.ts';
import type { TrustedProxies } from '../network/client-address.ts';
import { peerOf, type Peer } from '../network/peer.ts';
import { readDeviceId } from '../sockets/handshake-request.ts';

/** An HTTP request that passed `RequireAuthentication`. */
export interface AuthenticatedRequest extends Request {
  authentication: Authentication;
}

/** The authentication of the request, in a route behind `RequireAuthentication`. */
export const CurrentUser = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Authentication => {
    return context.switchToHttp().getRequest<AuthenticatedRequest>().authentication;
  },
);

/** Peer and device of a request. @throws Refusal `malformed` for an impossible `X-Device-Id`. */
export function deviceOf(request: Request, proxies: TrustedProxies): { peer: Peer; device: DeviceTraits } {
  const peer = peerOf(request, proxies);
  const deviceId = readDeviceId(request.headers['x-device-id'], 'X-Device-Id');
  return { peer, device: { deviceId, userAgent: peer.userAgent, address: peer.address } };
}
