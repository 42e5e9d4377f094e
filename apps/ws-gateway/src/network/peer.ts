import type { IncomingHttpHeaders } from 'node:http';
import { clientAddress, type TrustedProxies } from './client-address.ts';
import type { RequestTarget } from './origin-policy.ts';

/** The parts of an HTTP or upgrade request that say who sent it and to where. */
export interface PeerRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Who is at the other end, as far as the network knows. */
export interface Peer {
  readonly address: string;
  readonly userAgent: string;
  readonly origin: string | undefined;
  readonly target: RequestTarget;
}

/** Reads the peer of a request; forwarded headers count only when a trusted proxy delivered them. */
export function peerOf(request: PeerRequest, trusted: TrustedProxies): Peer {
  const { headers, socket } = request;
  const address = clientAddress(socket.remoteAddress, singleHeader(headers['x-forwarded-for']), trusted);
  const isProxied = trusted.includes(socket.remoteAddress ?? '');
  const forwardedProtocol = isProxied ? singleHeader(headers['x-forwarded-proto']) : undefined;
  return {
    address,
    userAgent: headers['user-agent'] ?? '',
    origin: headers.origin,
    target: {
      host: headers.host,
      isSecure: forwardedProtocol === 'https' || forwardedProtocol === 'wss',
    },
  };
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
