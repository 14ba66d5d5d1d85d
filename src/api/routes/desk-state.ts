/** The trader's current state: its whole status and three views of it, read anew for every request. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { wallMs } from '../../contracts/json-values.js';
import {
  modeSchema,
  orderSchema,
  positionSchema,
  type TraderStatus,
  waitingEntrySchema,
} from '../../contracts/trader-status.js';
import type { WebDependencies } from '../dependencies.js';
import { shownStatus } from '../live/status-watch.js';
import { sendProblem, traderDown } from '../problem-details.js';
import { answer, emergencyStateSchema, type JsonSchema, problems } from '../schemas/answers.js';

export function deskStateRoutes(app: FastifyInstance, web: WebDependencies): void {
  const view = (
    url: string,
    summary: string,
    shape: z.ZodType | JsonSchema,
    read: (status: TraderStatus) => unknown,
  ): void => {
    const schema = {
      summary,
      tags: ['state'],
      response: { 200: answer('As the trader reports it', shape), ...problems(401, 503) },
    };
    app.get(url, { schema }, async (_request, reply) => withTrader(web, reply, read));
  };
  view('/api/status', 'Everything about the desk', { $ref: 'DeskStatus#' }, async (status) => ({
    status: tradingWord(status),
    ...shownStatus(status),
    processes: await web.readProcesses().catch(() => null),
    alerts: web.readAlerts(),
  }));
  view(
    '/api/positions',
    'Open positions with their protective stops',
    z.object({ positions: z.array(positionSchema) }),
    ({ positions }) => ({ positions }),
  );
  view(
    '/api/orders',
    'Orders that are not final, and entries that wait in the desk for their moment',
    z.object({ orders: z.array(orderSchema), waitingEntries: z.array(waitingEntrySchema) }),
    ({ orders, waitingEntries = [] }) => ({ orders, waitingEntries }),
  );
  view(
    '/api/emergency',
    'Mode, halts and how a close-all stands',
    emergencyStateSchema,
    ({ mode, reason, haltId, halts, closeAll, entriesWorking, openPositions, openOrders }) => ({
      tradingHalted: mode === 'HALTED' || mode === 'KILLED',
      ...{ mode, reason, haltId, halts, closeAll, entriesWorking, openPositions, openOrders },
    }),
  );
}

function tradingWord({ mode }: TraderStatus): 'running' | 'stopped' {
  return mode === 'ACTIVE' || mode === 'REDUCING' ? 'running' : 'stopped';
}

async function withTrader(
  web: WebDependencies,
  reply: FastifyReply,
  read: (status: TraderStatus) => unknown,
): Promise<FastifyReply> {
  try {
    return reply.send(await read(await web.readTrader()));
  } catch (error) {
    return sendProblem(reply, traderDown(error));
  }
}

const desksSchema = z.object({
  desks: z.array(
    z.object({
      desk: z.string(),
      here: z.boolean().describe('The desk that this page shows'),
      twinOf: z.string().nullable().describe('The desk whose paper twin it is; null: not a twin'),
      mode: modeSchema.nullable().describe('Null while its trader does not answer'),
      page: z.string().describe('Address of its page, with its own sign-in'),
    }),
  ),
});

const twinsSchema = z.object({
  twins: z.array(z.string()).describe('A line for each, in words; none while the desk is not halted'),
});

/** For a person who decides whether the halted desk trades again. */
export function twinsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What the paper twins of this desk have done since it halted',
    tags: ['state'],
    response: { 200: answer('From their ledgers, as of now', twinsSchema), ...problems(401, 503) },
  };
  app.get('/api/twins', { schema }, async (_request, reply) => {
    try {
      return { twins: [...(await web.operations.readTwins())] };
    } catch (error) {
      return sendProblem(reply, traderDown(error));
    }
  });
}

const decidedSchema = z.object({
  decided: z.array(
    z.object({
      person: z.string(),
      sizePct: z.number().nullable().describe('Null: the position size in force'),
      untilWallMs: wallMs.nullable().describe('How long it counts'),
    }),
  ),
});

/** For the second of two people, whose press arms the desk. */
export function decidedRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Who has decided to resume from the halt in force, where that waits for another person',
    tags: ['state'],
    response: {
      200: answer('None also while Temporal or the trader does not answer', decidedSchema),
      ...problems(401),
    },
  };
  app.get('/api/emergency/decided', { schema }, async () => ({
    decided: [...(await web.operations.listDecided())],
  }));
}

/** For a page that links to the others. */
export function desksRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The desks that run in this installation',
    tags: ['state'],
    response: {
      200: answer('As their supervisors and traders report it', desksSchema),
      ...problems(401),
    },
  };
  app.get('/api/desks', { schema }, async () => {
    const started = await web.readDesks();
    return {
      desks: started
        .filter(({ runs }) => runs)
        .map(({ runtime: { desk, twinOf = null }, mode, page }) => ({
          ...{ desk, here: desk === web.runtime.desk, twinOf, mode, page },
        })),
    };
  });
}
