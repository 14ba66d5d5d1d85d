/** What npm itself says of an installation, at a registry of the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { judgePackages } from '../../src/checks/packages-outdated.js';
import { CHECKS } from '../../src/checks/registry.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const LIMIT_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'fermata-packages-'));
let registry: Server;
/** The newest version by name; a name that is not there is unknown to the registry. */
let newest: Readonly<Record<string, string>> = {};
let isAway = false;

beforeAll(async () => {
  registry = createServer((asked, answer) => {
    const name = decodeURIComponent((asked.url ?? '').slice(1));
    const latest = newest[name];
    if (isAway) return asked.socket.destroy();
    if (latest === undefined) return answer.writeHead(404).end('{}');
    const version = (one: string) => ({
      name,
      version: one,
      dist: { tarball: 'http://127.0.0.1/x.tgz', shasum: '0' },
    });
    const versions = { '1.0.0': version('1.0.0'), [latest]: version(latest) };
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ name, 'dist-tags': { latest }, versions }));
  });
  await new Promise<void>((listens) => registry.listen(0, '127.0.0.1', listens));
  const { port } = registry.address() as AddressInfo;
  for (const name of ['npm_config_registry', 'NPM_CONFIG_REGISTRY'])
    vi.stubEnv(name, `http://127.0.0.1:${port}/`);
  vi.stubEnv('npm_config_noproxy', '127.0.0.1');
  install('server', 'other');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  registry.closeAllConnections();
  await new Promise((closed) => registry.close(closed));
  rmSync(folder, { recursive: true, force: true });
});

/** Version 1.0.0 of each. */
function install(...names: readonly string[]): void {
  const dependencies = Object.fromEntries(names.map((name) => [name, '1.0.0']));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'desk', version: '1.0.0', dependencies }),
  );
  for (const name of names) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    writeFileSync(
      join(folder, 'node_modules', name, 'package.json'),
      JSON.stringify({ name, version: '1.0.0' }),
    );
  }
}

const judged = (critical = 'server') => judgePackages(folder, critical, LIMIT_MS);
const NEWEST = { server: '1.0.0', other: '1.0.0', npm: '1.0.0' };

it('lists what is behind, with both versions, and singles out what is critical', async () => {
  newest = NEWEST;
  expect(await judged()).toMatchObject({ verdict: 'pass', observed: 'every package is the newest' });
  newest = { ...NEWEST, other: '1.2.0' };
  expect(await judged()).toMatchObject({ verdict: 'warn', observed: '1 others: other 1.0.0, newest 1.2.0' });
  newest = { ...NEWEST, other: '1.2.0', server: '2.0.1' };
  expect(await judged()).toMatchObject({
    verdict: 'fail',
    observed: 'critical: server 1.0.0, newest 2.0.1; 1 others: other 1.0.0, newest 1.2.0',
    expected: 'newest versions, of server above all',
  });
});

it('is not run where the registry is away, or does not know what is critical, or that is not installed', async () => {
  newest = { other: '1.2.0', trader: '1.0.0' };
  expect(await judged()).toMatchObject({
    verdict: 'not_run',
    observed: expect.stringMatching(/^the registry does not answer for server: E404/),
  });
  expect(await judged('trader')).toMatchObject({
    verdict: 'not_run',
    observed: `trader is not installed in ${folder}`,
  });
  isAway = true;
  newest = NEWEST;
  expect((await judged('')).verdict).toBe('not_run');
  isAway = false;
});

it('says that npm gave no answer in time, and does not wait for it any longer', async () => {
  newest = NEWEST;
  const outcome = await judgePackages(folder, 'server', 1);
  expect(outcome).toMatchObject({
    verdict: 'not_run',
    observed: 'the registry does not answer for server: no answer in time',
  });
});

it('is looked at on Wednesdays by the SLOB desk, whose critical packages are installed here', async () => {
  const { desk } = loadDesk(resolveDesk('slob'));
  const step = desk.routines
    .find(({ name }) => name === 'mid-week')
    ?.steps.find(({ key }) => key === 'packages');
  const critical = ['@stoqey/ib', 'fastify', 'pg', '@temporalio/worker'];
  expect(step).toMatchObject({ check: 'packages-outdated', with: { critical: critical.join(', ') } });
  newest = Object.fromEntries(critical.map((name) => [name, '999.0.0']));
  const outcome = await CHECKS.get('packages-outdated')?.({ stepMs: LIMIT_MS } as never, step?.with ?? {});
  expect(outcome).toMatchObject({
    verdict: 'fail',
    observed: expect.stringMatching(/^critical: (\S+ \d\S*, newest 999\.0\.0(; )?){4}$/),
  });
});
