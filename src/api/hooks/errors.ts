/** Every error is sent as a problem; an unexpected one is logged and reported without its internals. */
import type { Socket } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { PeopleFileUnusable } from '../../home/people-folder.js';
import {
  badRequest,
  type Problem,
  peopleFileUnusable,
  problemBody,
  sendProblem,
  tooManyRequests,
  unexpected,
} from '../problem-details.js';
import { EXPECTED } from '../schemas/answers.js';

/** The longest is the id of a passkey: up to 1,023 bytes, in base64url. */
export const ADDRESS_PART_CHARS_MAX = 1400;

const ADDRESS_TOO_LONG: Problem = {
  ...badRequest(`A part of the address has more than ${ADDRESS_PART_CHARS_MAX} characters.`),
  status: 414,
  code: 'address-too-long',
};

const KNOWN_PROBLEMS: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    ...badRequest('The body is larger than 64 KiB.'),
    status: 413,
    code: 'body-too-large',
  },
  FST_ERR_MAX_PARAM_LENGTH: ADDRESS_TOO_LONG,
};

const notJson = (found: string): Problem => ({
  ...badRequest(`\`content-type\`: expected application/json, found ${found}.`),
  status: 415,
  code: 'media-type',
  doThis:
    'Send the body as JSON, with content-type: application/json, or leave both out where no member is needed.',
});

function problemOf(error: FastifyError, { id, headers }: FastifyRequest): Problem {
  if (error.validation !== undefined) {
    const where = error.validationContext ?? '';
    const errors = wordsOf(error.validation, where);
    return badRequest(errors[0] ?? error.message, errors);
  }
  if (error instanceof BudgetSpent) return error.problem;
  if (error instanceof PeopleFileUnusable) return peopleFileUnusable(error);
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return notJson(headers['content-type']?.slice(0, SHOWN_MAX) ?? 'none');
  const known = KNOWN_PROBLEMS[error.code];
  if (known !== undefined) return known;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return { ...badRequest(error.message), status };
  return unexpected(id);
}

export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.status >= 500)
      request.log.error({ err: error, url: request.routeOptions.url }, 'request failed');
    return sendProblem(reply, problem);
  });
}

/** A malformed address reaches no route and no hook. */
export function reportFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  sendProblem(reply, problemOf(error, request));
}

/** Input that is not HTTP at all gets a response written by hand, and the connection ends. */
export function answerMalformed(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, words] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'The headers are too large.'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'The request did not arrive in time.'] as const)
        : ([400, 'This is not a request that can be read.'] as const);
  const body = JSON.stringify(problemBody({ ...badRequest(words), status }));
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/problem+json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

type Schema = Readonly<Record<string, unknown>>;

/** With Ajv's option `verbose` an error includes the schema and the value that violated it. */
interface Broken extends FastifySchemaValidationError {
  readonly parentSchema?: Schema;
  readonly schema?: unknown;
  readonly data?: unknown;
}

const PLACES: Readonly<Record<string, string>> = {
  querystring: 'the query',
  params: 'the address',
  body: 'the body',
  headers: 'the headers',
};
const SHOWN_MAX = 60;
const SECRET = /password|token/i;

/**
 * What is wrong with a request, in words: the member, what was expected there, and what was found. A value that fits
 * none of several schemas is one problem, not one for each of them.
 */
function wordsOf(found: readonly FastifySchemaValidationError[], context: string): string[] {
  const errors = ofTheShapeMeant(found);
  const several = new Set(
    errors.flatMap(({ keyword, instancePath }) => (keyword === 'anyOf' ? [instancePath] : [])),
  );
  return errors
    .filter(({ keyword, instancePath }) => keyword === 'anyOf' || !several.has(instancePath))
    .map((error) => wordsFor(error, context));
}

/** If a member tells which of several shapes (`oneOf`) was meant, only the errors of that shape stay. */
function ofTheShapeMeant(errors: readonly Broken[]): readonly Broken[] {
  const choice = errors.find(({ keyword }) => keyword === 'oneOf');
  if (choice === undefined || !Array.isArray(choice.schema)) return errors;
  const shapes: readonly Schema[] = choice.schema;
  const [first = {}] = shapes;
  const tag = Object.keys(membersOf(first)).find((name) =>
    shapes.every((shape) => 'const' in memberOf(shape, name)),
  );
  if (tag === undefined) return errors;
  const said = (choice.data as Readonly<Record<string, unknown>> | null)?.[tag];
  const values = shapes.map((shape) => memberOf(shape, tag).const);
  const meant = values.indexOf(said);
  if (meant >= 0)
    return errors.filter(({ schemaPath }) => schemaPath.startsWith(`${choice.schemaPath}/${meant}/`));
  const instancePath = `${choice.instancePath}/${tag}`;
  return [{ ...choice, keyword: 'enum', instancePath, parentSchema: { enum: values }, data: said }];
}

function wordsFor(error: FastifySchemaValidationError, context: string): string {
  const { keyword, instancePath, params, parentSchema = {}, data, message = '' } = error as Broken;
  const at = instancePath.split('/').slice(1).map(unescaped);
  const place = PLACES[context] ?? 'the request';
  const name = at.length === 0 ? place : `\`${at.join('.')}\``;
  if (keyword === 'required') {
    const missing = String(params.missingProperty);
    const expected = expectation(memberOf(parentSchema, missing));
    return `\`${[...at, missing].join('.')}\` is missing from ${place}${expected === '' ? '' : `: expected ${expected}`}.`;
  }
  if (keyword === 'additionalProperties') {
    const known = Object.keys(membersOf(parentSchema)).join(', ') || 'none';
    return `\`${String(params.additionalProperty)}\` is not known in ${name}; known: ${known}.`;
  }
  const expected = expectation(parentSchema) || message;
  return `${name}: expected ${expected}${SECRET.test(name) ? '' : `, found ${shown(data)}`}.`;
}

/** Empty if the schema says nothing that helps a person. */
function expectation({
  type,
  enum: values,
  anyOf,
  [EXPECTED]: form,
  description,
  ...bounds
}: Schema): string {
  if (Array.isArray(anyOf)) return anyOf.map(expectation).join(', or ');
  if (Array.isArray(values)) return `one of ${values.join(', ')}`;
  if (type === 'integer' || type === 'number')
    return `a ${type === 'integer' ? 'whole number' : 'number'}${range(bounds.minimum, bounds.maximum)}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'object' || type === 'array') return type === 'object' ? 'an object' : 'a list';
  if (type !== 'string') return '';
  const length = range(bounds.minLength, bounds.maxLength);
  const long = length === '' ? '' : ` of${length.replace(/^ from/, '')} characters`;
  const formed = typeof form === 'string' ? `${form}${long === '' ? '' : `,${long}`}` : `text${long}`;
  return typeof description === 'string' ? `${formed} (${description})` : formed;
}

function range(low: unknown, high: unknown): string {
  const [least, most] = [low, high].map((bound) => (isBound(bound) ? String(bound) : null));
  if (least && most) return ` from ${least} to ${most}`;
  if (least) return ` from ${least} on`;
  return most ? ` from 0 to ${most}` : '';
}

/** Schemas made from types bound every integer by what a double can represent. */
const isBound = (bound: unknown): bound is number =>
  typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

const membersOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  (schema.properties as Readonly<Record<string, Schema>> | undefined) ?? {};

const memberOf = (schema: Schema, name: string): Schema => membersOf(schema)[name] ?? {};

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

interface KnownPaths {
  /**
   * Answers requests that match no route, before their body is read. Registered after the checks of name and origin.
   */
  answerUnknown(): void;
}

/**
 * 405 with Allow if the path is known but not the method; otherwise 404. Records every route that is registered from
 * now on.
 */
export function registerKnownPaths(app: FastifyInstance): KnownPaths {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) known.add(method);
    methods.set(route.url, known);
  });
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?', 1)[0] ?? '';
    const known = methods.get(path) ?? [...methods].find(([pattern]) => fits(pattern, path))?.[1];
    if (known === undefined) return sendProblem(reply, NOT_FOUND);
    // The router knows the address, and a part of it was too long for it.
    if (known.has(request.method)) return sendProblem(reply, ADDRESS_TOO_LONG);
    const allow = [...known].sort().join(', ');
    return sendProblem(reply.header('allow', allow), notAllowed(request.method, allow));
  };
  app.setNotFoundHandler(answer);
  return {
    answerUnknown: () => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.is404) return answer(request, reply);
      });
    },
  };
}

/** A segment that begins with a colon matches anything. */
function fits(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const expected = pattern.split('/');
  return (
    pattern.includes('/:') &&
    expected.length === parts.length &&
    expected.every((part, at) => part === parts[at] || (part.startsWith(':') && parts[at] !== ''))
  );
}

const NOT_FOUND: Problem = {
  status: 404,
  code: 'not-found',
  detail: 'There is nothing at this address.',
  keptSafe: 'Nothing was changed.',
  doThis: 'GET /api/openapi.json lists every address.',
};

const notAllowed = (method: string, allow: string): Problem => ({
  status: 405,
  code: 'method-not-allowed',
  detail: `This address answers ${allow}, not ${method}.`,
  keptSafe: 'Nothing was changed.',
  doThis: `Use ${allow}.`,
});

/** Limit for each sign-in. An open page makes about 150. */
const REQUESTS_PER_MINUTE = 1200;

/**
 * A runaway program must not lock others out of the page. The three buttons are exempt (`rateLimit: false`):
 * no number of requests ever blocks a stop. So are requests without a sign-in: all of them come from one
 * address, and a shared budget would let any web page lock out everybody who wants to sign in or stay signed
 * in.
 */
export async function registerRequestBudget(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE,
    timeWindow: 60_000,
    // The caller is known only after the access check.
    hook: 'preValidation',
    allowList: ({ session }) => session === null,
    keyGenerator: ({ session, ip }) => session?.family ?? ip,
    errorResponseBuilder: (_request, { ttl }) => new BudgetSpent(Math.ceil(ttl / 1000)),
  });
}

/** Thrown by the plugin, reported by the error handler. */
class BudgetSpent extends Error {
  readonly statusCode = 429;
  constructor(readonly waitSeconds: number) {
    super('too many requests');
  }

  get problem() {
    return tooManyRequests(this.waitSeconds);
  }
}
