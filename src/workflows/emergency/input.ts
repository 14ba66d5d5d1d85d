/**
 * Turns whatever an emergency workflow was started with into its input: whoever starts one wants the desk
 * stopped. The queue names the desk. Without our seal, only the reason in an input counts.
 */
import { uuid4, workflowInfo } from '@temporalio/workflow';
import {
  type AdmittedIncarnation,
  type CarriedTrader,
  type DeskOwnerInput,
  EMERGENCY_TIMING,
  type EmergencyCarried,
  type EmergencyKind,
  type EmergencyOrder,
  type EmergencyStopInput,
  type EmergencyTiming,
} from '../../contracts/emergency.js';
import { NO_REASON, plainText, reasonOf } from '../../domain/plain-text.js';
import { isUnsealed } from '../../domain/unsealed.js';

const QUEUE = /^emergency:(.+)$/;

export function toStopInput(given: unknown): EmergencyStopInput {
  const fields = fieldsOf(given);
  return {
    desk: deskOf(fields.desk),
    incarnations: Array.isArray(fields.incarnations) ? fields.incarnations.filter(isText) : null,
    known: Array.isArray(fields.known) ? fields.known.filter(isText) : [],
    gone: Array.isArray(fields.gone) ? fields.gone.filter(isAdmitted) : null,
    ...(typeof fields.sinceMs === 'number' ? { sinceMs: fields.sinceMs } : {}),
    ...(isCarried(fields.carried) ? { carried: fields.carried } : {}),
    orders: ordersOf(fields.orders, given),
    timing: timingOf(fields.timing),
  };
}

export function toOwnerInput(given: unknown): DeskOwnerInput {
  const fields = fieldsOf(given);
  const isWellFormed = Array.isArray(fields.orders);
  return {
    desk: deskOf(fields.desk),
    admitted: Array.isArray(fields.admitted) ? fields.admitted.filter(isAdmitted) : [],
    // A desk owner that somebody starts by hand is not a stop.
    orders: isWellFormed ? ordersOf(fields.orders, given) : [],
    timing: timingOf(fields.timing),
  };
}

function fieldsOf(given: unknown): Record<string, unknown> {
  return typeof given === 'object' && given !== null && !isUnsealed(given) ? { ...given } : {};
}

function deskOf(given: unknown): string {
  const [, desk] = QUEUE.exec(workflowInfo().taskQueue) ?? [];
  return desk ?? (isText(given) ? given : '');
}

/**
 * Well-formed orders are taken as they are, since they may come from an earlier run. Anything else becomes a stop with
 * its text as the reason.
 */
function ordersOf(orders: unknown, given: unknown): readonly EmergencyOrder[] {
  if (!Array.isArray(orders)) return [toOrder('stop', given)];
  return orders.map((order: unknown) => (isOrder(order) ? order : toOrder('stop', order)));
}

function isOrder(order: unknown): order is EmergencyOrder {
  const { commandId, kind, by, via, reason, sentTo } = fieldsOf(order);
  return (
    [commandId, by, via, reason].every(isText) &&
    (kind === 'stop' || kind === 'closeAll' || kind === 'kill') &&
    Array.isArray(sentTo)
  );
}

function isAdmitted(given: unknown): given is AdmittedIncarnation {
  const { incarnation, place } = fieldsOf(given);
  return isText(incarnation) && isText(place);
}

function isCarried(given: unknown): given is EmergencyCarried {
  const { commandIds, isRecorded, round, sendsOn, isEscalated, named, traders } = fieldsOf(given);
  return (
    [commandIds, named].every((list) => Array.isArray(list) && list.every(isText)) &&
    [isRecorded, sendsOn, isEscalated].every(isFlag) &&
    typeof round === 'number' &&
    Array.isArray(traders) &&
    traders.every(isCarriedTrader)
  );
}

function isCarriedTrader(given: unknown): given is CarriedTrader {
  const { incarnation, hasFailed, repeats } = fieldsOf(given);
  return isText(incarnation) && isFlag(hasFailed) && typeof repeats === 'number';
}

function timingOf(given: unknown): EmergencyTiming {
  const fields = fieldsOf(given);
  const entries = Object.entries(EMERGENCY_TIMING).map(([name, usual]) => {
    const value = fields[name];
    return [name, typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : usual];
  });
  return Object.fromEntries(entries) as EmergencyTiming;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';

const KINDS: ReadonlyMap<string, EmergencyKind> = new Map([
  ['stop', 'stop'],
  ['stoptrading', 'stop'],
  ['emergencystop', 'stop'],
  ['closeall', 'closeAll'],
  ['closeallpositions', 'closeAll'],
  ['kill', 'kill'],
]);

/** The longest name that the trader accepts, in characters. */
const NAME_LENGTH_MAX = 100;

/**
 * Builds an order from whatever the signal carried. A stop is never refused for its form: plain text becomes the
 * reason, and missing fields are filled in. Without our seal only the reason counts, because anybody could have written
 * the sender and the list of traders that have it already.
 */
export function toOrder(kind: EmergencyKind, payload: unknown): EmergencyOrder {
  const given = isUnsealed(payload)
    ? { reason: fieldsOrReason(payload.unsealed).reason }
    : fieldsOrReason(payload);
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

function fieldsOrReason(payload: unknown): Record<string, unknown> {
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
