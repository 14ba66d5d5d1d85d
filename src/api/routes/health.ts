/** Whether the desk is well: its health, the errors in its logs, and whether an alert arrives. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAY_STOP } from '../../domain/roles.js';
import { CHANNELS } from '../../home/channel-health.js';
import { alertTestedSchema, errorsSchema } from '../../operations/test-alert.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf } from './route-parts.js';

const state = z.enum(['up', 'down']);
const healthSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  components: z.object({ trader: state, marketData: state, database: state, temporal: state }),
});
type Health = z.infer<typeof healthSchema>;

/** Public, so asking often must cost nothing. */
const KEPT_MS = 1000;
const ANSWER_WAIT_MS = 1000;

export function healthRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  let kept: { readonly atMs: number; readonly health: Promise<Health> } | null = null;
  const schema = {
    summary: 'Health of the desk. Unhealthy: the trader does not answer. Degraded: something else does not',
    tags: ['state'],
    security: [],
    response: { 200: answer('Healthy or degraded', healthSchema), 503: answer('Unhealthy', healthSchema) },
  };
  app.get('/health', { schema, config: { access: 'public' } }, async (_request, reply) => {
    const now = web.nowMs();
    if (kept === null || now - kept.atMs >= KEPT_MS) kept = { atMs: now, health: look(web, watch) };
    const health = await kept.health;
    return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health);
  });
}

async function look(web: WebDependencies, watch: StatusWatch): Promise<Health> {
  const [database, temporal] = await Promise.all([
    answers(web.database.query('select 1', []).then(() => true)),
    answers(web.temporalAnswers()),
  ]);
  const { trader, status } = watch.state;
  const marketData = trader.reachable && status?.marketData.state !== 'down';
  const word = (up: boolean): 'up' | 'down' => (up ? 'up' : 'down');
  return {
    status: !trader.reachable ? 'unhealthy' : database && temporal && marketData ? 'healthy' : 'degraded',
    components: {
      trader: word(trader.reachable),
      marketData: word(marketData),
      database: word(database),
      temporal: word(temporal),
    },
  };
}

function answers(question: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_WAIT_MS);
  });
  return Promise.race([question.catch(() => false), late]).finally(() => clearTimeout(timer));
}

export function errorsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Errors in the logs of all processes; none in normal operation',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { hours: { type: 'integer', minimum: 1, maximum: 720, default: 24 } },
    },
    response: { 200: answer('Of the last hours by wall time', errorsSchema), ...problems(400, 401) },
  };
  app.get<{ Querystring: { readonly hours: number } }>('/api/errors', { schema }, ({ query }) =>
    web.operations.readErrors(query),
  );
}

const bodySchema = z.strictObject({ channel: z.enum(CHANNELS) });

/** Going live requires that a test alert has arrived. */
export function notifyTestRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Send a test alert, and say whether it reached anybody',
    tags: ['people'],
    body: jsonSchema(bodySchema),
    response: {
      200: answer('The outcome, after 20 s at most', alertTestedSchema),
      ...problems(400, 401, 403),
    },
  };
  app.post<{ Body: z.output<typeof bodySchema> }>(
    '/api/notify/test',
    { schema, config: { roles: MAY_STOP } },
    (request) => web.operations.testAlert(callerOf(request), request.body.channel),
  );
}
