/**
 * The three buttons. A stop goes straight to the trader from here, before anything else is checked. A
 * close-all goes as soon as its key is known to be new, which waits only a moment for the database. The use
 * case in operations/ then proves that it took effect. Everything else here is HTTP.
 */

import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { errorCodes, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EMERGENCY_COMMAND_MS } from '../../contracts/emergency.js';
import { messageOf } from '../../domain/message-of.js';
import { APPROVER, MAY_STOP, type RolesNeeded } from '../../domain/people-roles.js';
import { NO_REASON, reasonOf } from '../../domain/plain-text.js';
import {
  type Caller,
  type CloseAllRequest,
  type OperationResult,
  outcomeSchema,
} from '../../operations/operation.js';
import type { ResumeRequest } from '../../operations/resume-trading.js';
import type { WebDependencies } from '../dependencies.js';
import {
  type IdempotencyKeys,
  type KeyedAnswer,
  type KeyedRequest,
  requestHash,
} from '../idempotency-keys.js';
import { type Problem, sendProblem } from '../problem-details.js';
import {
  answer,
  closeAllSchema,
  idempotencyHeaders,
  jsonSchema,
  problems,
  resumeSchema,
  stopSchema,
} from '../schemas/answers.js';
import { callerOf, emptyBody, OUTCOMES, reasonIfAny, sendOutcome } from './route-parts.js';

interface Button {
  readonly url: string;
  readonly use: 'stopTrading' | 'closeAllPositions' | 'resumeTrading';
  readonly summary: string;
  readonly body: typeof stopSchema | typeof closeAllSchema | typeof resumeSchema;
  /** False: carried out whatever the key is. */
  readonly once: boolean;
  readonly roles: RolesNeeded;
  readonly refused: Omit<Problem, 'detail'>;
}

const BUTTONS: readonly Button[] = [
  {
    url: '/api/emergency/stop',
    use: 'stopTrading',
    summary: 'Stop: no new entries, pending entries cancelled, positions and their stops kept',
    body: stopSchema,
    once: false,
    roles: MAY_STOP,
    refused: {
      status: 503,
      code: 'stop-failed',
      title: 'The stop was not carried out',
      keptSafe: 'Protective stops rest at the venue.',
      doThis:
        'Press again. If it goes on: `fermata stop`, or end the trader’s process; it comes back HALTED.',
    },
  },
  {
    url: '/api/emergency/close-all',
    use: 'closeAllPositions',
    summary:
      'Close all: halt, cancel every order, flatten, read back until flat is proven; as a kill, two people must resume',
    body: closeAllSchema,
    once: true,
    roles: MAY_STOP,
    refused: {
      status: 503,
      code: 'close-all-failed',
      title: 'Close all was not carried out',
      keptSafe: 'Protective stops rest at the venue.',
      doThis:
        'Try again, or `fermata close-all`. Positions can always be closed at the venue itself: cancel their stops and targets there, too.',
    },
  },
  {
    url: '/api/emergency/resume',
    use: 'resumeTrading',
    summary: 'Resume: checks again, then arms by quoting the halt',
    body: resumeSchema,
    once: true,
    roles: APPROVER,
    refused: {
      status: 409,
      code: 'resume-refused',
      title: 'Trading was not resumed',
      keptSafe:
        'No check is left out: the desk trades only after all of them. Protective stops are in place.',
      doThis: 'Clear what is named, then resume again.',
    },
  },
];

export function emergencyRoutes(app: FastifyInstance, web: WebDependencies, keys: IdempotencyKeys): void {
  for (const button of BUTTONS) emergencyRoute(app, web, keys, button);
}

function emergencyRoute(
  app: FastifyInstance,
  web: WebDependencies,
  keys: IdempotencyKeys,
  button: Button,
): void {
  const isStop = button.use === 'stopTrading';
  const schema = {
    summary: button.summary,
    tags: ['emergency'],
    headers: idempotencyHeaders,
    body: jsonSchema(button.body),
    response: {
      200: answer('Done, and proven', outcomeSchema),
      202: answer('Accepted, not proven yet', outcomeSchema),
      ...problems(400, 401, 403, 409, 503),
    },
  };
  app.post<{ Body: z.infer<typeof closeAllSchema> & z.infer<typeof resumeSchema> }>(
    button.url,
    {
      schema,
      ...(isStop ? { onRequest: forgetContentType } : {}),
      preValidation: [emptyBody, reasonIfAny],
      // Validation errors are only attached to a stop, which is carried out all the same.
      attachValidation: isStop,
      config: {
        roles: button.roles,
        rateLimit: false,
        anyText: button.use !== 'resumeTrading',
        anyBody: isStop,
      },
    },
    async (request, reply) => {
      const { sizePct, haltId, signature, kill } = request.body;
      const asked = { reason: reasonOf(request.body.reason), sizePct, halt: haltId, kill };
      const keyed = keyedRequest(request, web.runtime.desk, button.url, JSON.stringify(asked));
      const pressed = { ...asked, signature, commandId: commandId(keyed, button.once) };
      const work = () => press(web, button, callerOf(request), pressed);
      try {
        const keyedAnswer = await (button.once ? keys.once(keyed, work) : keys.always(keyed, work()));
        return send(reply, button, keyedAnswer);
      } catch (error) {
        request.log.error({ err: error }, `${button.use} failed`);
        const detail = messageOf(error);
        return sendProblem(reply, { ...button.refused, status: 503, detail });
      }
    },
  );
}

interface Pressed extends ResumeRequest, Pick<CloseAllRequest, 'kill'> {
  readonly commandId: string;
}

async function press(
  { trader, operations }: WebDependencies,
  { use }: Button,
  caller: Caller,
  { commandId, reason, sizePct, halt, signature, kill }: Pressed,
): Promise<OperationResult> {
  if (use === 'resumeTrading')
    return operations.resumeTrading(caller, { reason, sizePct, halt, signature, commandId });
  const method = use === 'stopTrading' ? 'stop' : kill === true ? 'kill' : 'closeAll';
  const order = { commandId, by: caller.person, reason: reason ?? NO_REASON };
  const sent = trader.call(method, order, { timeoutMs: EMERGENCY_COMMAND_MS });
  sent.catch(() => undefined); // the use case gets this failure too: it reports it and sends the command again
  return operations[use](caller, { reason, commandId, kill }, sent);
}

function keyedRequest(request: FastifyRequest, desk: string, url: string, asked: string): KeyedRequest {
  const header = request.headers['idempotency-key'];
  // An invalid key is ignored.
  const key = typeof header === 'string' && !request.validationError ? header : randomUUID();
  return {
    desk,
    person: callerOf(request).person,
    key,
    requestHash: requestHash('POST', url, asked),
  };
}

/** Derived from the key if a repeated command should be recognised; new for every stop. */
function commandId({ person, key }: KeyedRequest, once: boolean): string {
  if (!once) return `web-${randomUUID()}`;
  return `web-${createHash('sha256')
    .update(JSON.stringify([person, key]))
    .digest('hex')
    .slice(0, 32)}`;
}

function send(reply: FastifyReply, button: Button, keyed: KeyedAnswer): FastifyReply {
  if (keyed.kind === 'conflict') return sendProblem(reply, conflict(button.once));
  if (keyed.kind === 'running') return sendProblem(reply.header('retry-after', 2), STILL_RUNNING);
  if (keyed.kind === 'replayed') reply.header('idempotency-replayed', 'true');
  const { outcome } = keyed;
  if (!outcome.ok)
    return sendProblem(reply, { ...button.refused, detail: outcome.detail, more: { outcome } });
  return reply.code(outcome.proven ? 200 : 202).send(outcome);
}

const conflict = (once: boolean): Problem => ({
  status: 409,
  code: 'idempotency-conflict',
  detail: 'This Idempotency-Key was used for another request.',
  keptSafe: once ? 'Nothing was done.' : 'The stop WAS carried out: a stop is never refused.',
  doThis: 'Use a new key for a new request.',
});

const STILL_RUNNING: Problem = {
  status: 409,
  code: 'still-running',
  detail: 'The request with this Idempotency-Key is being carried out.',
  keptSafe: 'It is carried out once.',
  doThis: 'Ask again with the same key in a moment.',
};

const BYTES_READ_MAX = 64 * 1024;

/**
 * The body of a stop, or of revoking real money, may be anything: JSON with a reason, a form, bare text
 * (which is the reason), nothing, or something unreadable. The sender wants the desk stopped. A route with
 * `anyBody` gets the reason found in the text; the others accept only JSON or an empty body.
 */
export function takeAnyBody(app: FastifyInstance): void {
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    if (request.routeOptions.config.anyBody === true) return statedIn(await readText(payload));
    if (request.headers['content-length'] === '0') return undefined;
    throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE();
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Never refuse a request for its body. */
    anyBody?: boolean;
  }
}

/** Runs before the body is read: whatever its content type, it is read as text. */
export async function forgetContentType({ headers }: FastifyRequest): Promise<void> {
  delete headers['content-type'];
}

/** Reads only the beginning; a body that breaks off is used as far as it arrived. */
async function readText(payload: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of payload) {
      const chunk = Buffer.from(part as Uint8Array);
      if (bytes < BYTES_READ_MAX) parts.push(chunk);
      bytes += chunk.length;
    }
  } catch {
    // The sender is gone; the intention is clear.
  }
  return Buffer.concat(parts).toString('utf8');
}

function statedIn(text: string): { readonly reason?: string } {
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given === 'string') return { reason: given };
    const reason = typeof given === 'object' && given !== null && 'reason' in given ? given.reason : null;
    return typeof reason === 'string' ? { reason } : {};
  } catch {
    const reason = new URLSearchParams(text).get('reason') ?? text;
    return reason.trim() === '' ? {} : { reason };
  }
}

const positionSchema = stopSchema.extend({
  symbol: z.string().min(1).max(40).describe('Instrument whose position is closed'),
});
const entrySchema = stopSchema.extend({
  order: z.string().min(1).max(40).describe('The order’s clientId, as in GET /api/orders'),
});

/** Closes one position or cancels one resting entry without stopping the desk. */
export function closeOneRoutes(app: FastifyInstance, web: WebDependencies): void {
  const config = { roles: MAY_STOP, anyText: true };
  app.post<{ Body: z.infer<typeof positionSchema> }>(
    '/api/positions/close',
    {
      schema: {
        summary: 'Close one position at the market, in every mode; the desk goes on as it was',
        tags: ['emergency'],
        body: jsonSchema(positionSchema),
        response: { ...OUTCOMES, ...problems(404) },
      },
      config,
    },
    async (request, reply) => {
      const { symbol, reason } = request.body;
      const asked = { symbol, reason: reasonOf(reason) };
      const outcome = await web.operations.closePosition(callerOf(request), asked);
      return sendOutcome(
        reply,
        outcome,
        'GET /api/positions shows what is open; close-all closes everything.',
      );
    },
  );
  app.post<{ Body: z.infer<typeof entrySchema> }>(
    '/api/orders/cancel',
    {
      schema: {
        summary:
          'Cancel one resting or waiting entry; an order that protects or closes a position is refused',
        tags: ['emergency'],
        body: jsonSchema(entrySchema),
        response: { ...OUTCOMES, ...problems(404) },
      },
      config,
    },
    async (request, reply) => {
      const { order, reason } = request.body;
      const outcome = await web.operations.cancelEntry(callerOf(request), {
        order,
        reason: reasonOf(reason),
      });
      return sendOutcome(reply, outcome, 'GET /api/orders shows what is open; a stop cancels every entry.');
    },
  );
}
