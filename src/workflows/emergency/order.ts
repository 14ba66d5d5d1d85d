import { uuid4 } from '@temporalio/workflow';
import type { EmergencyKind, EmergencyOrder } from '../../contracts/emergency.js';
import { NO_REASON, reasonOf } from '../../domain/no-reason.js';
import { plainText } from '../../domain/plain-text.js';
import { isUnsealed } from '../../domain/unsealed.js';

const KINDS: ReadonlyMap<string, EmergencyKind> = new Map([
  ['stop', 'stop'],
  ['stoptrading', 'stop'],
  ['emergencystop', 'stop'],
  ['closeall', 'closeAll'],
  ['closeallpositions', 'closeAll'],
]);

/** The longest name that the trader accepts, in characters. */
const NAME_LENGTH_MAX = 100;

/**
 * Builds an order from whatever the signal carried. A stop is never refused for its form: plain text becomes the
 * reason, and missing fields are filled in. Without our seal only the reason counts, because anybody could have written
 * the sender and the list of traders that have it already.
 */
export function toOrder(kind: EmergencyKind, payload: unknown): EmergencyOrder {
  const given = isUnsealed(payload) ? { reason: fieldsOf(payload.unsealed).reason } : fieldsOf(payload);
  const via = given.via;
  return {
    kind,
    commandId: textOr(given.commandId, uuid4(), NAME_LENGTH_MAX),
    by: textOr(given.by, 'Temporal', NAME_LENGTH_MAX),
    via: via === 'web' || via === 'cli' || via === 'telegram' ? via : 'temporal',
    reason: reasonOf(given.reason) ?? NO_REASON,
    sentTo: Array.isArray(given.sentTo) ? given.sentTo.filter((entry) => typeof entry === 'string') : [],
  };
}

function fieldsOf(payload: unknown): Record<string, unknown> {
  return typeof payload === 'object' && payload !== null ? { ...payload } : { reason: payload };
}

function textOr(value: unknown, otherwise: string, lengthMax: number): string {
  return typeof value === 'string' && value.trim() !== ''
    ? plainText(value.trim().slice(0, lengthMax))
    : otherwise;
}

/** Accepts any spelling: `Stop`, `closeall`, `close_all`, "close all", `CLOSE-ALL`. Null for anything else. */
export function kindOf(signal: string): EmergencyKind | null {
  const letters = signal.toLowerCase().replaceAll(/[^a-z]/g, '');
  return KINDS.get(letters) ?? null;
}
