import type * as contract from '@bus/payload-schemas';

/*
 * Only types come from the contract package: its classes need a validator at run time, which has no place in a
 * browser bundle. `wire-guards.ts` checks what arrives.
 */
export type { AlertStatus, SubscribedEvent, SubscribedGroup, SystemAlertData } from '@bus/payload-schemas';

/** The fields of a contract class: here they are plain objects out of JSON, never instances. */
type Plain<T> = { [Field in keyof T]: T[Field] };

export type AlertView = Plain<contract.AlertView>;
export type EventEnvelope<T extends object = Record<string, unknown>> = Plain<contract.EventEnvelope<T>>;
export type AcknowledgeAlertRequest = Plain<contract.AcknowledgeAlertRequest>;
export type ResolveAlertRequest = Plain<contract.ResolveAlertRequest>;
export type Severity = contract.AlertSeverity;
export type SessionUser = contract.SubscribedEvent['user'];

/** How far this page has followed a group's history; sent in the handshake to resume from. */
export interface GroupPosition {
  readonly group: string;
  readonly epoch: string;
  readonly offset: string;
}

/** Longest note the gateway accepts. */
export const MAX_NOTE_LENGTH = 2000;
