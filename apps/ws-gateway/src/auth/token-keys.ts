import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';

/** With what tokens are checked, and with which algorithms that key may be used. Nothing in a token can change either. */
export interface TokenKeys {
  readonly verification: KeyObject | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
  /** Present when this gateway issues tokens itself. */
  readonly signing: KeyObject | undefined;
}

export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const PUBLIC_KEY_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
] as const; // prettier-ignore

/** How long the key server may take; a handshake waits for it only when a key is not cached yet. */
const JWKS_TIMEOUT_MS = 3_000;

export type TokenKeySource =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'public_key'; readonly pem: string }
  | { readonly kind: 'jwks'; readonly url: string };

/** @throws when the PEM text is not a public key. */
export function tokenKeys(source: TokenKeySource, algorithms: readonly string[]): TokenKeys {
  switch (source.kind) {
    case 'secret': {
      const key = createSecretKey(Buffer.from(source.secret, 'utf8'));
      return { verification: key, algorithms, signing: key };
    }
    case 'public_key':
      return { verification: createPublicKey(source.pem), algorithms, signing: undefined };
    case 'jwks':
      return {
        verification: createRemoteJWKSet(new URL(source.url), { timeoutDuration: JWKS_TIMEOUT_MS }),
        algorithms,
        signing: undefined,
      };
  }
}
