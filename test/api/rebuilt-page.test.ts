import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import type { WebDependencies } from '../../src/api/dependencies.js';
import { dashboardRoutes } from '../../src/api/routes/dashboard.js';

it('serves the page that was built last, with its assets, and nothing beside them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-page-'));
  const dashboardDirectory = join(folder, 'dashboard');
  const build = (name: string) => {
    rmSync(dashboardDirectory, { recursive: true, force: true });
    mkdirSync(join(dashboardDirectory, 'assets'), { recursive: true });
    writeFileSync(join(dashboardDirectory, 'index.html'), `<script src="/assets/${name}.js"></script>`);
    writeFileSync(join(dashboardDirectory, 'assets', `${name}.js`), `// ${name}`);
  };
  writeFileSync(join(folder, 'beside.txt'), 'nobody’s');
  build('first');
  const app = Fastify();
  onTestFinished(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  await app.register(async (page) => dashboardRoutes(page, { dashboardDirectory } as WebDependencies));
  const get = (url: string) => app.inject({ url });
  expect((await get('/assets/first.js')).body).toBe('// first');
  build('second');
  expect((await get('/')).body).toContain('/assets/second.js');
  const asset = await get('/assets/second.js');
  expect([asset.body, asset.headers['cache-control']]).toEqual([
    '// second',
    'public, max-age=31536000, immutable',
  ]);
  for (const url of ['/assets/first.js', '/assets/', '/nothing', '/../beside.txt', '/%2e%2e/beside.txt'])
    expect((await get(url)).statusCode, url).not.toBe(200);
});
