import { createHash, timingSafeEqual } from 'node:crypto';
import {
  ForbiddenException,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { ExporterSettings } from '../settings.ts';
import { AddressRanges, clientAddress } from './address-ranges.ts';

/** Lets in who comes from an allowed address and, when a key is set, knows it. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #allowed: AddressRanges;
  readonly #trustedProxies: AddressRanges;
  readonly #keyDigest: Buffer | undefined;

  constructor(settings: ExporterSettings) {
    this.#allowed = new AddressRanges(settings.PROMETHEUS_ALLOWED_IPS);
    this.#trustedProxies = new AddressRanges(settings.TRUSTED_PROXIES);
    this.#keyDigest =
      settings.PROMETHEUS_API_KEY === undefined ? undefined : digest(settings.PROMETHEUS_API_KEY);
  }

  /** @throws ForbiddenException for another address, UnauthorizedException without the key. */
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    if (!this.#isAllowed(request)) {
      throw new ForbiddenException({
        code: 'address_refused',
        reason: 'Your address may not read the metrics.',
      });
    }
    if (!this.#knowsKey(request)) {
      http.getResponse<Response>().setHeader('www-authenticate', 'Bearer');
      throw new UnauthorizedException({
        code: 'key_refused',
        reason: 'Send the key as Authorization: Bearer <key>.',
      });
    }
    return true;
  }

  #isAllowed({ socket, headers }: Request): boolean {
    if (this.#allowed.isEmpty) return true;
    const forwardedFor = headers['x-forwarded-for'];
    const chain = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
    return this.#allowed.includes(clientAddress(socket.remoteAddress, chain, this.#trustedProxies));
  }

  #knowsKey({ headers }: Request): boolean {
    if (this.#keyDigest === undefined) return true;
    const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    const given = bearer ?? headers['x-api-key'];
    return typeof given === 'string' && timingSafeEqual(digest(given), this.#keyDigest);
  }
}

/** Digests have one length, so comparing them tells nothing about the key, not even how long it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
