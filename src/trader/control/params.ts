/** Validates what arrives on the socket. An error names the field, what was expected and what was found. */
import { z } from 'zod';
import {
  CONTROL_PROTOCOL_VERSION,
  type ControlMethod,
  type ControlMethods,
} from '../../contracts/control.js';
import { keyText } from '../../desk/problem.js';
import { cashAmount, price } from '../../desk/schema-values.js';
import {
  corporateActionSchema,
  signalIdSchema,
  signalSchema,
  signalSourceSchema,
} from '../../desk/sent-schemas.js';
import { CASH_KINDS, COIN_OWNERS } from '../../domain/cash-and-coins.js';
import { SETTING_TEXT_MAX } from '../../domain/declared-value.js';
import { HALT_CAUSES, RESUME_RULES } from '../../domain/mode.js';
import { plainText } from '../../domain/plain-text.js';
import { SIGNATURE_CHARS_MAX } from '../../domain/vote-statement.js';
import { positionSizeLimit } from '../../limits/position-size.js';
import { badRequest } from './control-refusal.js';

const ID_LENGTH_MAX = 128;
/** A vote names its approval and exactly what it is about. */
const SUBJECT_LENGTH_MAX = 1000;
const REASON_LENGTH_MAX = 1000;
const DECISIONS_MAX = 8;
const VALUES_MAX = 200;
const BARS_MAX = 1000;

const text = (lengthMax: number) => z.string().regex(/\S/, 'expected some text').max(lengthMax);
const id = text(ID_LENGTH_MAX);
const haltId = z.string().regex(/^[0-9a-f]{32}$/, 'expected the id of a halt: 32 hexadecimal digits');
const hash = z
  .string()
  .regex(
    /^[0-9a-zA-Z:_-]{1,128}$/,
    'expected a hash of 1 to 128 letters, digits, colons, dashes and underscores',
  );
const sizePct = z.number().min(1).max(100);

const decisions = z
  .array(
    z.object({
      decisionId: text(SUBJECT_LENGTH_MAX),
      desk: id,
      person: id,
      via: z.enum(['web', 'cli', 'telegram']),
      choice: z.enum(['resume', 'approve', 'reject']),
      subject: text(SUBJECT_LENGTH_MAX),
      atWallMs: z.int().min(0),
      expiresWallMs: z.int().min(0),
      mac: text(64),
      sizePct: sizePct.exactOptional(),
      reason: text(REASON_LENGTH_MAX).exactOptional(),
      signature: text(SIGNATURE_CHARS_MAX).exactOptional(),
      chatCode: text(64).exactOptional(),
    }),
  )
  .max(DECISIONS_MAX);

/** Stops carry these fields: characters that can't be stored are replaced, not refused. */
const whoAndWhy = z.object({
  commandId: id.transform(plainText),
  by: id.transform(plainText),
  reason: text(REASON_LENGTH_MAX).transform(plainText),
});

const PARAMS: { readonly [M in ControlMethod]: z.ZodType<ControlMethods[M]['params']> } = {
  status: z.object({}),
  flatProof: z.object({}),
  stop: whoAndWhy,
  closeAll: whoAndWhy,
  kill: whoAndWhy,
  closePosition: whoAndWhy.extend({ symbol: id }),
  cancelEntry: whoAndWhy.extend({ clientId: id }),
  reconcile: whoAndWhy,
  revokeGoLive: whoAndWhy,
  halt: whoAndWhy.extend({
    // All causes except those that have a method of their own.
    cause: z.enum(HALT_CAUSES).exclude(['person', 'kill']),
    resume: z.enum(RESUME_RULES),
  }),
  arm: whoAndWhy.extend({ haltId, configHash: hash, decisions }),
  claimCoins: whoAndWhy.extend({
    symbol: id,
    owner: z.enum(COIN_OWNERS),
    cost: price.nullable(),
    decisions,
  }),
  toggle: whoAndWhy.extend({ strategy: id, enabled: z.boolean() }),
  resize: whoAndWhy.extend({ sizePct, decisions }),
  explainCash: whoAndWhy.extend({
    kind: z.enum(CASH_KINDS),
    amount: cashAmount,
  }),
  corporateAction: whoAndWhy.extend({ action: corporateActionSchema }),
  noSplit: whoAndWhy.extend({ symbol: id }),
  signal: whoAndWhy.extend({ signal: signalSchema }),
  withdrawSignal: whoAndWhy.extend({ source: signalSourceSchema, id: signalIdSchema }),
  reload: whoAndWhy.extend({
    baseVersion: z.int().min(0),
    values: z
      .record(z.string(), z.union([z.number(), z.string().max(SETTING_TEXT_MAX), z.boolean()]))
      .refine((values) => Object.keys(values).length <= VALUES_MAX, `expected at most ${VALUES_MAX} values`),
    approvalId: z.literal('').or(text(200)),
    decisions,
  }),
  goLive: whoAndWhy.extend({
    proposal: z.object({
      desk: id.optional(),
      release: id,
      attempt: z.int().min(1),
      step: z.int().min(0),
      again: z.int().min(1).optional(),
      incarnation: text(32),
      configHash: hash,
      haltId: haltId.nullable(),
      size: z.object({
        maxPositionSizePct: z.number().positive().max(positionSizeLimit.setting.max),
        maxConcurrentPositions: z.int().min(1),
      }),
    }),
    decisions,
  }),
  bars: z.object({ symbol: id, count: z.int().min(1).max(BARS_MAX), sinceMs: z.int().min(0) }),
  equity: z.object({ after: z.int().min(0), count: z.int().min(1).max(BARS_MAX) }),
  heartbeat: z.object({ from: z.enum(['supervisor', 'operations']) }),
  follow: z.object({ fromSequence: z.int().min(1) }),
};

export interface ControlRequest {
  readonly id: string | number;
  readonly method: ControlMethod;
  readonly params: unknown;
}

/** Doesn't check the parameters. Throws `ControlRefusal` (bad-request). */
export function readRequest(line: string): ControlRequest {
  let frame: { v?: unknown; id?: unknown; method?: unknown; params?: unknown } | null;
  try {
    frame = JSON.parse(line);
  } catch {
    throw badRequest('expected one JSON object a line');
  }
  if (typeof frame !== 'object' || frame === null) throw badRequest('expected one JSON object a line');
  if (frame.v !== CONTROL_PROTOCOL_VERSION)
    throw badRequest(`v: expected ${CONTROL_PROTOCOL_VERSION}, found ${String(frame.v)}`);
  if (typeof frame.id !== 'string' && typeof frame.id !== 'number')
    throw badRequest('id: expected text or a number');
  if (!isControlMethod(frame.method))
    throw badRequest(`method: ${JSON.stringify(frame.method) ?? 'nothing'} is not one of the trader's`);
  return { id: frame.id, method: frame.method, params: frame.params };
}

function isControlMethod(name: unknown): name is ControlMethod {
  return typeof name === 'string' && Object.hasOwn(PARAMS, name);
}

/** Throws `ControlRefusal` (bad-request). */
export function checkParams<M extends ControlMethod>(
  method: M,
  params: unknown = {},
): ControlMethods[M]['params'] {
  const read = PARAMS[method].safeParse(params, { error: problemOf, reportInput: true });
  if (read.success) return read.data;
  throw badRequest(problemText(read.error, ['params']));
}

/** Null: the value fits. Otherwise the first wrong field, what was expected there and what was found. */
export function fieldProblem(schema: z.ZodType, value: unknown): string | null {
  const read = schema.safeParse(value, { error: problemOf, reportInput: true });
  return read.success ? null : problemText(read.error, []);
}

function problemText({ issues: [issue] }: z.ZodError, above: readonly string[]): string {
  const field = keyText([...above, ...(issue?.path ?? [])]);
  const problem = `${issue?.message}, found ${shown(issue?.input)}`;
  return field === '' ? problem : `${field}: ${problem}`;
}

/** For issues without a message in the schema. */
const problemOf = (issue: z.core.$ZodRawIssue): string => `expected ${expectedOf(issue)}`;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function expectedOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'unrecognized_keys':
      return `no member ${issue.keys.join(', ')}`;
    default:
      return 'something else';
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? typeof value;
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
