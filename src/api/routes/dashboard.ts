import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { asTyped, programAsTyped } from '../../home/desk-in-process.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem } from '../problem-details.js';

/**
 * The built page. Its assets have a hash in their names and may be cached; the page itself is requested every time.
 */
export async function dashboardRoutes(app: FastifyInstance, web: WebDependencies): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined && isPage(route.url)) {
      route.config = { ...route.config, access: 'public' };
      route.schema = { ...route.schema, hide: true };
    }
  });
  if (web.dashboardDirectory === null) {
    app.get('/', async (_request, reply) =>
      sendProblem(reply, {
        status: 503,
        code: 'dashboard-not-built',
        detail: 'The dashboard was not built.',
        keptSafe: 'The API works.',
        doThis: 'Run `npm run build` and reload.',
      }),
    );
    return;
  }
  const page = join(web.dashboardDirectory, 'index.html');
  // Read for each request: a new build has other assets, and once another desk is started, commands must name
  // this one.
  const pageHere = () =>
    asTyped(readFileSync(page, 'utf8')).replace(
      '<meta name="command-line" content="fermata"',
      `<meta name="command-line" content="${programAsTyped()}"`,
    );
  for (const path of ['/', '/index.html'])
    app.get(path, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(pageHere()),
    );
  await app.register(fastifyStatic, {
    root: web.dashboardDirectory,
    index: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const kept = /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
      reply.setHeader('cache-control', kept);
    },
  });
}

const isPage = (url: string): boolean => url === '/' || (!url.startsWith('/api/') && url !== '/metrics');
