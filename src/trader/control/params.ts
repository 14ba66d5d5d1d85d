/** Checks what comes over the socket, field by field; an error names the field, what was expected and what was found. */

import type { ControlMethod, ControlMethods } from '../../contracts/control.js';
import { CASH_KINDS, type CashKind } from '../../domain/cash.js';
import { COIN_OWNERS, type CoinOwner } from '../../domain/coins.js';
import type { Decision } from '../../domain/decision.js';
import type { GoLiveProposal } from '../../domain/go-live.js';
import { type Halt, type HaltCause, RESUME_RANK, type ResumeRule } from '../../domain/mode.js';
import { plainText } from '../../domain/plain-text.js';
import { SIGNATURE_CHARS_MAX } from '../../signing/vote-statement.js';
import { badRequest } from './control-refusal.js';

type Fields = Readonly<Record<string, unknown>>;
type Checks = { readonly [M in ControlMethod]: (fields: Fields) => ControlMethods[M]['params'] };

const ID_LENGTH_MAX = 128;
/** A vote names its approval and what exactly it is about. */
const SUBJECT_LENGTH_MAX = 1000;
const REASON_LENGTH_MAX = 1000;
const DECISIONS_MAX = 8;
const VALUES_MAX = 200;
const BARS_MAX = 1000;
const HALT_ID = /^[0-9a-f]{32}$/;
const OWNER = new RegExp(`^(${COIN_OWNERS.join('|')})$`);
const PRICE = /^\d{1,20}(\.\d{1,12})?$/;
const HASH = /^[0-9a-zA-Z:_-]{1,128}$/;

/** Every cause but those that have a method of their own. */
const OUTSIDE_CAUSES: Readonly<Record<Exclude<HaltCause, 'person' | 'kill'>, true>> = {
  startup: true,
  'daily-loss': true,
  drawdown: true,
  'stale-data': true,
  'clock-jump': true,
  'heartbeat-process': true,
  'heartbeat-operations': true,
  'supervisor-lost': true,
  reconciliation: true,
  'journal-fault': true,
  venue: true,
  'protection-missing': true,
  'close-all-incomplete': true,
  'recording-ended': true,
  'ledger-mismatch': true,
  auditor: true,
  shutdown: true,
  'check-failed': true,
};

const AMOUNT = /^-?\d{1,20}(\.\d{1,8})?$/;
const CASH_KIND_NAMES = Object.fromEntries(CASH_KINDS.map((kind) => [kind, true]));

const CHECKS: Checks = {
  status: () => ({}),
  flatProof: () => ({}),
  stop: whoAndWhy,
  closeAll: whoAndWhy,
  kill: whoAndWhy,
  reconcile: whoAndWhy,
  halt: (fields) => ({
    ...whoAndWhy(fields),
    cause: oneOf(fields, 'cause', OUTSIDE_CAUSES) as Halt['cause'],
    resume: oneOf(fields, 'resume', RESUME_RANK) as ResumeRule,
  }),
  arm: (fields) => ({
    ...whoAndWhy(fields),
    haltId: text(fields, 'haltId', 32, HALT_ID),
    configHash: text(fields, 'configHash', 128, HASH),
    decisions: decisions(fields),
  }),
  claimCoins: (fields) => ({
    ...whoAndWhy(fields),
    symbol: text(fields, 'symbol', ID_LENGTH_MAX),
    owner: text(fields, 'owner', 10, OWNER) as CoinOwner,
    cost: fields.cost === null ? null : text(fields, 'cost', 40, PRICE),
    decisions: decisions(fields),
  }),
  toggle: (fields) => ({
    ...whoAndWhy(fields),
    strategy: text(fields, 'strategy', ID_LENGTH_MAX),
    enabled: truth(fields, 'enabled'),
  }),
  resize: (fields) => ({
    ...whoAndWhy(fields),
    sizePct: size(fields),
    decisions: decisions(fields),
  }),
  explainCash: (fields) => ({
    ...whoAndWhy(fields),
    kind: oneOf(fields, 'kind', CASH_KIND_NAMES) as CashKind,
    amount: text(fields, 'amount', 40, AMOUNT),
  }),
  reload: (fields) => ({
    ...whoAndWhy(fields),
    baseVersion: whole(fields, 'baseVersion', 0),
    values: numbers(fields, 'values'),
    approvalId: fields.approvalId === '' ? '' : text(fields, 'approvalId', 200),
    decisions: decisions(fields),
  }),
  goLive: (fields) => ({
    ...whoAndWhy(fields),
    proposal: proposal(record('params.proposal', fields.proposal)),
    decisions: decisions(fields),
  }),
  revokeGoLive: whoAndWhy,
  bars: (fields) => ({
    symbol: text(fields, 'symbol', ID_LENGTH_MAX),
    count: whole(fields, 'count', 1, BARS_MAX),
    sinceMs: whole(fields, 'sinceMs', 0),
  }),
  heartbeat: (fields) => ({
    from: oneOf(fields, 'from', { supervisor: true, operations: true }) as 'supervisor' | 'operations',
  }),
  follow: (fields) => ({ fromSequence: whole(fields, 'fromSequence', 1) }),
};

export function isControlMethod(name: unknown): name is ControlMethod {
  return typeof name === 'string' && Object.hasOwn(CHECKS, name);
}

/** Throws `ControlRefusal` (bad-request). */
export function checkParams<M extends ControlMethod>(
  method: M,
  params: unknown,
): ControlMethods[M]['params'] {
  if (params === undefined) return CHECKS[method]({});
  return CHECKS[method](record('params', params));
}

function whoAndWhy(fields: Fields): { commandId: string; by: string; reason: string } {
  return {
    // Stops come this way: the text is made plain, never refused.
    commandId: plainText(text(fields, 'commandId', ID_LENGTH_MAX)),
    by: plainText(text(fields, 'by', ID_LENGTH_MAX)),
    reason: plainText(text(fields, 'reason', REASON_LENGTH_MAX)),
  };
}

function proposal(fields: Fields): GoLiveProposal {
  const size = record('params.proposal.size', fields.size);
  return {
    release: text(fields, 'release', ID_LENGTH_MAX),
    attempt: whole(fields, 'attempt', 1),
    step: whole(fields, 'step', 0),
    incarnation: text(fields, 'incarnation', 32),
    configHash: text(fields, 'configHash', 128, HASH),
    haltId: fields.haltId === null ? null : text(fields, 'haltId', 32, HALT_ID),
    size: {
      maxPositionSizePct: percent(size, 'maxPositionSizePct'),
      maxConcurrentPositions: whole(size, 'maxConcurrentPositions', 1),
    },
  };
}

function percent(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && value > 0 && value <= 100) return value;
  throw badRequest(`params.${name}: expected a number above 0 and at most 100, found ${shown(value)}`);
}

function decisions(fields: Fields): readonly Decision[] {
  const list = fields.decisions;
  if (!Array.isArray(list) || list.length > DECISIONS_MAX) {
    throw badRequest(`params.decisions: expected a list of at most ${DECISIONS_MAX}, found ${shown(list)}`);
  }
  return list.map((item, index) => decision(record(`params.decisions[${index}]`, item)));
}

function decision(fields: Fields): Decision {
  return {
    decisionId: text(fields, 'decisionId', SUBJECT_LENGTH_MAX),
    desk: text(fields, 'desk', ID_LENGTH_MAX),
    person: text(fields, 'person', ID_LENGTH_MAX),
    via: oneOf(fields, 'via', { web: true, cli: true, telegram: true }) as Decision['via'],
    choice: oneOf(fields, 'choice', { resume: true, approve: true, reject: true }) as Decision['choice'],
    subject: text(fields, 'subject', SUBJECT_LENGTH_MAX),
    atWallMs: whole(fields, 'atWallMs', 0),
    expiresWallMs: whole(fields, 'expiresWallMs', 0),
    mac: text(fields, 'mac', 64),
    ...(fields.sizePct === undefined ? {} : { sizePct: size(fields) }),
    ...(fields.signature === undefined ? {} : { signature: text(fields, 'signature', SIGNATURE_CHARS_MAX) }),
    ...(fields.chatCode === undefined ? {} : { chatCode: text(fields, 'chatCode', 64) }),
  };
}

function size(fields: Fields): number {
  const value = fields.sizePct;
  if (typeof value === 'number' && value >= 1 && value <= 100) return value;
  throw badRequest(`params.sizePct: expected a number from 1 to 100, found ${shown(value)}`);
}

function record(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw badRequest(`${name}: expected an object, found ${shown(value)}`);
}

function text(fields: Fields, name: string, lengthMax: number, pattern?: RegExp): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.trim() === '') {
    throw badRequest(`params.${name}: expected text, found ${shown(value)}`);
  }
  if (value.length > lengthMax) {
    throw badRequest(`params.${name}: expected at most ${lengthMax} characters, found ${value.length}`);
  }
  if (pattern !== undefined && !pattern.test(value)) {
    throw badRequest(`params.${name}: expected ${pattern.source}, found ${shown(value)}`);
  }
  return value;
}

function oneOf(fields: Fields, name: string, allowed: object): string {
  const value = fields[name];
  if (typeof value === 'string' && Object.hasOwn(allowed, value)) return value;
  throw badRequest(
    `params.${name}: expected one of ${Object.keys(allowed).join(', ')}, found ${shown(value)}`,
  );
}

function numbers(fields: Fields, name: string): Readonly<Record<string, number>> {
  const found = Object.entries(record(`params.${name}`, fields[name]));
  if (found.length > VALUES_MAX)
    throw badRequest(`params.${name}: expected at most ${VALUES_MAX} values, found ${found.length}`);
  for (const [key, value] of found) {
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw badRequest(`params.${name}.${shown(key)}: expected a number, found ${shown(value)}`);
  }
  return Object.fromEntries(found) as Record<string, number>;
}

function whole(fields: Fields, name: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw badRequest(`params.${name}: expected a whole number ${range}, found ${shown(value)}`);
}

function truth(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value === 'boolean') return value;
  throw badRequest(`params.${name}: expected true or false, found ${shown(value)}`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? typeof value;
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
