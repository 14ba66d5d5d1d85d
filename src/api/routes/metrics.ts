import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TraderStatus } from '../../contracts/trader-status.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { problems } from '../schemas/answers.js';

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
    response: { 200: { type: 'string' }, ...problems(401) },
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
