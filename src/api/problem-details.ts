/** Errors as people and programs see them: RFC 9457 problem details, with what was kept safe and what to do. */

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { messageOf } from '../domain/message-of.js';
import { asTyped } from '../home/desk-in-process.js';
import type { PeopleFileUnusable } from '../home/people-folder.js';
import { TO_DO } from '../operations/operation.js';

export interface Problem {
  readonly status: number;
  /** Last part of the problem type's address: a stable name that programs can compare. */
  readonly code: string;
  readonly title?: string;
  readonly detail: string;
  readonly keptSafe: string;
  readonly doThis: string;
  /** Further members, for example `errors` for an invalid body or the `outcome` of an operation. */
  readonly more?: Readonly<Record<string, unknown>>;
}

const NOTHING_CHANGED = 'Nothing was changed; the desk goes on as it was.';

export function problemBody(problem: Problem): Record<string, unknown> {
  return {
    type: `urn:fermata:problem:${problem.code}`,
    title: problem.title ?? STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: asTyped(problem.detail),
    keptSafe: problem.keptSafe,
    doThis: asTyped(problem.doThis),
    ...problem.more,
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  // The HTTP server no longer manages the socket of a refused upgrade.
  if (reply.request.ws) reply.raw.once('finish', () => reply.request.raw.socket.end());
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problemBody(problem)));
}

export const notSignedIn = (detail: string): Problem => ({
  status: 401,
  code: 'not-signed-in',
  detail,
  keptSafe: NOTHING_CHANGED,
  doThis: 'Sign in again with POST /api/auth/login, or renew with POST /api/auth/refresh.',
});

export const noRole = (person: string): Problem => ({
  status: 401,
  code: 'no-role',
  title: 'Not signed in',
  detail: `${person} has no role at this desk.`,
  keptSafe: NOTHING_CHANGED,
  doThis:
    'Ask whoever runs this desk for a role (`people` of its desk file, or `fermata person add`), or sign in as somebody who has one.',
});

export const badRequest = (detail: string, errors: readonly string[] = []): Problem => ({
  status: 400,
  code: 'bad-request',
  detail,
  keptSafe: NOTHING_CHANGED,
  doThis: 'Correct the request; GET /api/openapi.json describes what is expected.',
  more: errors.length > 0 ? { errors } : {},
});

export const roleMissing = (person: string, roles: readonly string[]): Problem => ({
  status: 403,
  code: 'role-missing',
  title: 'Not allowed',
  detail: `${person} may not do this: it takes the role ${roles.join(' or ')}.`,
  keptSafe: NOTHING_CHANGED,
  doThis: 'Ask somebody with that role; the desk file’s `people` says who has it.',
});

export const refusedOrigin = (detail: string): Problem => ({
  status: 403,
  code: 'origin-refused',
  detail,
  keptSafe: NOTHING_CHANGED,
  doThis: 'Open the dashboard at its own address and try again there.',
});

/** Who restarts a process that ended. If the supervisor has ended, too, only a person can. */
const WHO_RESTARTS = 'the supervisor restarts it; where that ended, too: `fermata up`';

export const databaseDown = (what: string): Problem => ({
  status: 503,
  code: 'database-unavailable',
  title: 'Database does not answer',
  detail: `${what} cannot be read: the database does not answer.`,
  keptSafe:
    'Trading does not depend on the database: orders and fills are in the trader’s own journal, Stop works.',
  doThis: `Wait for the database to come back (${WHO_RESTARTS}); \`fermata doctor\` says more.`,
});

export const peopleFileUnusable = ({ fileName, problem, doThis }: PeopleFileUnusable): Problem => ({
  status: 503,
  code: 'people-file-unusable',
  title: 'A file about people can’t be used',
  detail: `people/${fileName} below FERMATA_HOME ${problem}.`,
  keptSafe:
    'Whatever the file may have ended stays ended; trading goes on, and `fermata stop` takes no sign-in.',
  doThis,
});

export const traderDown = (error: unknown): Problem => ({
  status: 503,
  code: 'trader-unavailable',
  title: 'Trader does not answer',
  detail: `The trader does not answer: ${messageOf(error)}`,
  keptSafe: 'Protective stops rest at the venue. A trader that comes back is HALTED until it is resumed.',
  doThis: `Wait for it to come back (${WHO_RESTARTS}); look at \`fermata status\` and the log if it stays down.`,
});

export const tooManyTries = (waitSeconds: number): Problem => ({
  status: 429,
  code: 'too-many-tries',
  detail: `Too many failed sign-ins. The next one is possible in ${waitSeconds} s.`,
  keptSafe: NOTHING_CHANGED,
  doThis: 'Wait, or sign in with a one-time link: `fermata link` prints one.',
});

export const tooManyRequests = (waitSeconds: number): Problem => ({
  status: 429,
  code: 'too-many-requests',
  detail: `Too many requests within a minute. The next one is possible in ${waitSeconds} s.`,
  keptSafe: `${NOTHING_CHANGED} Stop, close all and resume are not counted.`,
  doThis: 'Ask less often; the WebSocket /api/ws says by itself what changes.',
});

export const exportRunning = (): Problem => ({
  status: 429,
  code: 'export-running',
  title: 'One export at a time',
  detail: 'Another export is still being sent to you.',
  keptSafe: NOTHING_CHANGED,
  doThis: 'Wait until it has arrived, or cancel it, and ask again.',
});

/** A change that was understood but not made. The trader knows best what helps after its own refusal. */
export function notDone(said: string, otherwise: string): Problem {
  const [whole = '', doThis = otherwise] = said.split(TO_DO);
  // `keptSafe` says it.
  const detail = whole.replace(/^Nothing was changed: | Nothing was changed\.(?= |$)/g, '');
  return { status: 409, code: 'not-done', title: 'Not done', detail, keptSafe: NOTHING_CHANGED, doThis };
}

export const notFound = (detail: string, doThis: string): Problem => ({
  status: 404,
  code: 'not-found',
  detail,
  keptSafe: NOTHING_CHANGED,
  doThis,
});

/** A refusal by an operation: 404 if it names something that doesn't exist, otherwise 409. */
export function refusal({ detail, reason }: Refused, otherwise: string): Problem {
  const problem = notDone(detail, otherwise);
  return reason === 'unknown' ? notFound(problem.detail, problem.doThis) : problem;
}

interface Refused {
  readonly detail: string;
  readonly reason?: string | undefined;
}

export const unexpected = (requestId: string): Problem => ({
  status: 500,
  code: 'unexpected',
  title: 'Unexpected error',
  detail: `Something went wrong inside the web server (request ${requestId}).`,
  keptSafe: 'The trader is a process of its own and is not affected.',
  doThis: 'Look the request up in the log by its number. `fermata stop` works without the web server.',
});
