import { OFFSET_PATTERN } from '@bus/payload-schemas';
import { DEVICE_ID } from '../auth/device-fingerprint.ts';
import { Refusal } from '../refusals/refusal.ts';
import type { Socket } from 'socket.io';

/** A group the browser was in, and the last event it saw there. */
export interface ResumePosition {
  readonly group: string;
  readonly epoch: string;
  readonly offset: string;
}

/** What a browser sends in `auth`, checked. */
export interface HandshakeRequest {
  readonly token: string | undefined;
  readonly deviceId: string | undefined;
  readonly resume: readonly ResumePosition[];
}

/** More groups than a browser can follow. */
const MAX_RESUME_GROUPS = 200;
/** Names under which people put a credential into an address, where every log on the way keeps it. */
const QUERY_CREDENTIALS = ['token', 'access_token', 'auth', 'authorization', 'jwt', 'ws_token', 'session'];

/** Reads the handshake. @throws Refusal `malformed` that names the field. */
export function readHandshake({ auth }: Pick<Socket['handshake'], 'auth'>): HandshakeRequest {
  const { token, deviceId, resume } = auth as Record<string, unknown>;
  return {
    token: optionalText(token, 'auth.token'),
    deviceId: readDeviceId(deviceId, 'auth.deviceId'),
    resume: readResume(resume),
  };
}

/** @throws Refusal `malformed` when a credential stands in the address, even beside a proper one. */
export function refuseQueryCredentials(names: readonly string[]): void {
  const field = names.find((name) => QUERY_CREDENTIALS.includes(name.toLowerCase()));
  if (field === undefined) return;
  throw new Refusal('malformed', 'A credential never belongs into an address. Send it as auth.token.', {
    field: `query.${field}`,
  });
}

/** @throws Refusal `malformed` for anything but a device id as `DEVICE_ID` describes it. */
export function readDeviceId(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && DEVICE_ID.test(value)) return value;
  throw new Refusal(
    'malformed',
    'A device id has 1 to 128 letters, digits, dots, dashes, colons or underscores.',
    {
      field,
    },
  );
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  throw new Refusal('malformed', 'The token must be a text.', { field });
}

function readResume(value: unknown): readonly ResumePosition[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_RESUME_GROUPS) {
    throw new Refusal('malformed', `Resume must be a list of at most ${MAX_RESUME_GROUPS} positions.`, {
      field: 'auth.resume',
    });
  }
  return value.map(readPosition);
}

function readPosition(value: unknown, index: number): ResumePosition {
  const { group, epoch, offset } = (value ?? {}) as Record<string, unknown>;
  if (isShortText(group) && isEpoch(epoch) && typeof offset === 'string' && OFFSET_PATTERN.test(offset)) {
    return { group, epoch, offset };
  }
  throw new Refusal(
    'malformed',
    'A position is {group, epoch, offset}, each a text, the offset in decimal.',
    {
      field: `auth.resume[${index}]`,
    },
  );
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 64;
}

/** Empty where a notice told of a group without a position; it then leads to a snapshot. */
function isEpoch(value: unknown): value is string {
  return value === '' || isShortText(value);
}
