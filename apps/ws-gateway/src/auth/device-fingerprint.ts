import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { addressNetwork } from '../network/client-address.ts';

/** What is known of the device that presents a credential. */
export interface DeviceTraits {
  /** Chosen and kept by the browser: `auth.deviceId` in a handshake, the header `X-Device-Id` over HTTP. */
  readonly deviceId: string | undefined;
  readonly userAgent: string;
  readonly address: string;
}

export type BindingVerdict = 'bound' | 'missing' | 'mismatch';

/** A device id as browsers send it. */
export const DEVICE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** A part that was not known when the fingerprint was taken. */
const ABSENT = '-';
/** 12 bytes: far more than needed to tell devices apart, and three of them keep the token short. */
const PART_BYTES = 12;

/**
 * The claim `cnf.fp`: `<device id>.<user agent>.<network>`, each part an HMAC, so a token tells its reader nothing
 * about the device, and parts can be compared one by one.
 */
export class DeviceFingerprints {
  private readonly key: Buffer;

  /** @param secret the same in all gateways, and stable: another one unbinds every token */
  constructor(secret: Uint8Array) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'bus device fingerprint v1', 32));
  }

  of(traits: DeviceTraits): string {
    const userAgentHash = createHash('sha256').update(traits.userAgent).digest('hex');
    return [
      traits.deviceId === undefined ? ABSENT : this.part('device', traits.deviceId),
      traits.userAgent === '' ? ABSENT : this.part('agent', userAgentHash),
      this.part('network', addressNetwork(traits.address)),
    ].join('.');
  }

  /**
   * Strict: the fingerprint must be there and all three parts must be the same, absent ones included.
   * Not strict: only the device id is held against the presenter, and only if the token was issued with one; then
   * another device id, or none, is a mismatch. A changed network or browser version is tolerated.
   */
  check(fingerprint: string | undefined, presented: DeviceTraits, isStrict: boolean): BindingVerdict {
    if (fingerprint === undefined) return isStrict ? 'missing' : 'bound';
    const actual = this.of(presented);
    if (isStrict) return isSame(fingerprint, actual) ? 'bound' : 'mismatch';
    const [issuedTo = ABSENT] = fingerprint.split('.');
    const [shownBy = ABSENT] = actual.split('.');
    return issuedTo === ABSENT || isSame(issuedTo, shownBy) ? 'bound' : 'mismatch';
  }

  private part(kind: 'device' | 'agent' | 'network', value: string): string {
    return createHmac('sha256', this.key)
      .update(`${kind}\0${value}`)
      .digest()
      .subarray(0, PART_BYTES)
      .toString('base64url');
  }
}

function isSame(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
