import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { makeMetrics } from '../metrics.js';
import { problems } from '../schemas/problem.js';

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
