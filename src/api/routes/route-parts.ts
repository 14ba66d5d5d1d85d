/** Shared by routes: the caller, the answers, and how a query is read and run on the database. */
import type { FastifyInstance, FastifyReply, FastifyRequest, preValidationAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import { symbol } from '../../desk/schema-values.js';
import { PeopleFileUnusable } from '../../home/people-folder.js';
import { type Caller, type OperationResult, outcomeSchema } from '../../operations/operation.js';
import { databaseDown, refusal, sendProblem } from '../problem-details.js';
import { answer, EXPECTED, jsonSchema, problems } from '../schemas/answers.js';

/** The person whom the sign-in check let in. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.session === null) throw new Error('a route that acts for a person was left public');
  return { person: request.session.person, via: 'web' };
}

/** Treats a missing body as an empty one. */
export async function emptyBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

/** A reason that is not text counts as none: `null` from an empty form field, a number, a list. */
export async function reasonIfAny(request: FastifyRequest): Promise<void> {
  const { body } = request;
  if (typeof body !== 'object' || body === null || !('reason' in body)) return;
  if (typeof body.reason !== 'string') delete body.reason;
}

/** The answers of a route that acts. */
export const OUTCOMES = {
  200: answer('Done, and proven', outcomeSchema),
  202: answer('Accepted; not proven, or not yet', outcomeSchema),
  ...problems(400, 401, 403, 409),
};

/** 200 if the outcome is proven, 202 if the request was accepted, 404 or 409 with what to do if nothing was done. */
export function sendOutcome(
  reply: FastifyReply,
  { ok, proven, detail, haltId, workflowId, problems: missed, reason }: OperationResult,
  doThis: string,
): FastifyReply {
  if (!ok) return sendProblem(reply, refusal({ detail, reason }, doThis));
  return reply.code(proven ? 200 : 202).send({ ok, proven, detail, haltId, workflowId, problems: missed });
}

/**
 * A query is text. From now on each member that a route's schema has as a whole number is made one; anything but
 * plain digits stays text, which the schema refuses.
 */
export function readWholeNumbers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { properties = {} } = (route.schema?.querystring ?? {}) as QuerySchema;
    const names = Object.keys(properties).filter((name) => properties[name]?.type === 'integer');
    if (names.length === 0) return;
    const read: preValidationAsyncHookHandler = async (request) => {
      const query = request.query as Record<string, unknown>;
      for (const name of names) {
        const text = query[name];
        if (typeof text === 'string' && /^\d{1,9}$/.test(text)) query[name] = Number(text);
      }
    };
    route.preValidation = [route.preValidation ?? [], read].flat();
  });
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: unknown } | undefined>>;
}

/** An address with an id of this form. */
export const idLike = (pattern: string, expected: string) => ({
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern, [EXPECTED]: expected } },
});

/** A query of these members and no others. */
export const queryOf = (properties: Readonly<Record<string, unknown>>, required?: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  ...(required === undefined ? {} : { required }),
  properties,
});

/** BASE/QUOTE as in the desk file. */
export const symbolQuery = jsonSchema(symbol);

const TIME =
  'a time with its zone (2026-01-05T10:00:00Z), a day in UTC (2026-01-05) or milliseconds since 1970';

/** A time span in a query: `from` (at or after) and `to` (before). */
export const timeQuery = {
  type: 'string',
  maxLength: 40,
  description: TIME,
} as const;
export const untilQuery = { ...timeQuery, description: `${timeQuery.description}; not included` } as const;

export interface SpanQuery {
  readonly from?: string;
  readonly to?: string;
}

/** Returns text if something is wrong with the query. */
export function spanOf({ from, to }: SpanQuery): { fromMs: number | null; toMs: number | null } | string {
  const fromMs = timeOf(from);
  const toMs = timeOf(to);
  if (Number.isNaN(fromMs)) return noTime('from', from);
  if (Number.isNaN(toMs)) return noTime('to', to);
  if (fromMs !== null && toMs !== null && fromMs >= toMs) return '`from` must be before `to`.';
  return { fromMs, toMs };
}

/** Without a zone, a time would differ from machine to machine. */
const timeText = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Null: not given. NaN: not a time. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{10,14}$/.test(text)) return Number(text);
  return timeText.safeParse(text).success ? Date.parse(text) : Number.NaN;
}

const noTime = (name: string, text: string | undefined): string =>
  `\`${name}\`: expected ${TIME}, found ${JSON.stringify(text)}.`;

/** Returns the result of `read`; if the database does not answer, sends a problem that says so and logs the error. */
export async function fromDatabase<T>(
  reply: FastifyReply,
  what: string,
  read: () => Promise<T>,
): Promise<T | FastifyReply> {
  try {
    return await read();
  } catch (error) {
    return sendDatabaseDown(reply, what, error);
  }
}

/** Throws if the cause is a file about people that can't be used: the error handler names it. */
export function sendDatabaseDown(reply: FastifyReply, what: string, error: unknown): FastifyReply {
  if (error instanceof PeopleFileUnusable) throw error;
  reply.request.log.warn({ err: error }, `${what} cannot be read`);
  return sendProblem(reply, databaseDown(what));
}

/**
 * Asks at most once in `ms`, whoever wants the answer; one that failed is not kept. `nowMs` may be set back, even by hours:
 * then it is asked anew.
 */
export function keptFor<T>(ms: number, nowMs: () => number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly atMs: number; readonly answer: Promise<T> } | null = null;
  return async () => {
    const now = nowMs();
    if (kept === null || Math.abs(now - kept.atMs) >= ms) kept = { atMs: now, answer: ask() };
    try {
      return await kept.answer;
    } catch (error) {
      kept = null;
      throw error;
    }
  };
}
