/**
 * Whether the desk is well: its health, the errors in its logs, whether an alert arrives; and its figures
 * for a monitoring system.
 */
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { z } from 'zod';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { MAY_STOP } from '../../domain/people-roles.js';
import { CHANNELS } from '../../home/channel-health.js';
import { alertTestedSchema, errorsSchema } from '../../operations/test-alert.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf, keptFor, queryOf } from './route-parts.js';

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
  const newest = keptFor(KEPT_MS, web.nowMs, () => look(web, watch));
  const schema = {
    summary: 'Health of the desk. Unhealthy: the trader does not answer. Degraded: something else does not',
    tags: ['state'],
    security: [],
    response: { 200: answer('Healthy or degraded', healthSchema), 503: answer('Unhealthy', healthSchema) },
  };
  app.get('/health', { schema, config: { access: 'public' } }, async (_request, reply) => {
    const health = await newest();
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
    querystring: queryOf({ hours: { type: 'integer', minimum: 1, maximum: 720, default: 24 } }),
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

export function metricsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const metrics = makeMetrics(web.runtime.desk, watch);
  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern, not the address: unknown addresses must not create endless time series.
    const route = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown');
    metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
  });
  app.addHook('onClose', async () => metrics.stop());
  const schema = {
    summary: 'Prometheus metrics; bearer token from secrets/metrics-token',
    tags: ['state'],
    security: [{ metricsToken: [] }, { bearer: [] }],
    response: {
      200: {
        description: 'In the text format of Prometheus',
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
      ...problems(401),
    },
  };
  app.get('/metrics', { schema, config: { access: 'metrics' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}

interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  stop(): void;
}

/** Name → help text and how the value is read. Money in the desk's currency. */
const TRADER_GAUGES: Readonly<Record<string, readonly [string, (status: TraderStatus) => number]>> = {
  api_connected: ['1 while market data comes in', (s) => (s.marketData.state === 'up' ? 1 : 0)],
  trading_halted: ['1 while HALTED or KILLED', (s) => (s.mode === 'HALTED' || s.mode === 'KILLED' ? 1 : 0)],
  total_equity: ['Equity with unrealised results', (s) => Number(s.equity)],
  daily_pnl: ['Result since the day boundary, with unrealised results', (s) => Number(s.dayPnl)],
  drawdown_percent: ['Fall of equity from its peak', (s) => Number(s.drawdownPct)],
  open_positions: ['Open positions', (s) => s.openPositions],
  open_orders: ['Orders that are not final', (s) => s.openOrders],
  entries_working: ['Entry orders that are not final', (s) => s.entriesWorking],
  positions_unprotected: [
    'Open positions without a confirmed protective stop',
    (s) => s.positions.filter((position) => position.protection !== 'confirmed').length,
  ],
  stop_gap_longest_ms: [
    'Longest time in which a position was without a protective stop since the journal began',
    (s) => Math.max(0, ...s.stopGaps.map(({ longestMs }) => longestMs)),
  ],
  trader_rss_bytes: ['Resident memory of the trader', (s) => s.rssBytes],
  market_simulated: ['1 while prices are simulated', (s) => (s.marketData.simulated ? 1 : 0)],
};

/** Prometheus metrics. The trader's figures are read at each scrape; nothing stale is shown while it is away. */
function makeMetrics(desk: string, watch: StatusWatch): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ desk });
  const stopDefaults = collectDefaults(registry);
  const running = gauge(registry, 'bot_running', '1 while the trader answers');
  const heartbeat = gauge(registry, 'last_heartbeat', 'Seconds since the trader last answered');
  const mode = new Gauge({
    name: 'trading_mode',
    help: '1 for the mode now',
    labelNames: ['mode'],
    registers: [registry],
  });
  const fills = new Counter({ name: 'fills_total', help: 'Fills ever applied', registers: [registry] });
  const signalsRefused = new Counter({
    name: 'signals_refused_total',
    help: 'Signals from outside that came to nothing',
    labelNames: ['limit'],
    registers: [registry],
  });
  const gauges = Object.entries(TRADER_GAUGES).map(
    ([name, [help, read]]) => [gauge(registry, name, help), read] as const,
  );
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return {
    contentType: registry.contentType,
    text: async () => {
      const { trader, status, statusWallMs } = watch.state;
      running.set(trader.reachable ? 1 : 0);
      if (statusWallMs !== null) heartbeat.set(Math.max(0, (Date.now() - statusWallMs) / 1000));
      mode.reset();
      fills.reset();
      signalsRefused.reset();
      for (const [target, read] of gauges) {
        if (trader.reachable && status !== null) target.set(read(status));
        else target.remove();
      }
      if (trader.reachable && status !== null) {
        mode.set({ mode: status.mode }, 1);
        fills.inc(status.fills);
        for (const { limit, count } of status.signals?.refused ?? []) signalsRefused.inc({ limit }, count);
      }
      return registry.metrics();
    },
    observeRequest: (method, route, status, seconds) =>
      durations.observe({ method, route, status: String(status) }, seconds),
    stop: stopDefaults,
  };
}

function gauge(registry: Registry, name: string, help: string): Gauge {
  return new Gauge({ name, help, registers: [registry] });
}

/** Process and event-loop metrics of this process. Returns a function that releases what they hold. */
function collectDefaults(registry: Registry): () => void {
  collectDefaultMetrics({ register: registry });
  return () => registry.clear();
}
