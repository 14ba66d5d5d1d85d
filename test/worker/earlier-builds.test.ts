/** How many earlier builds are served, for how long, and what is said of one that isn't: Temporal's list is the test's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureSecrets } from '../../src/home/secrets.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { followRuns } from '../../src/worker/reconcile/ended-runs.js';
import { serveBuilds, type UnservedBuild } from '../../src/worker/serve-builds.js';
import { buildIdOf, keepBundle } from '../../src/worker/workflow-bundles.js';
import { until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { sharedTemporal } from '../support/temporal.js';
import { bundleOf, IN_THIS_THREAD } from '../workflows/support/serve-queue.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-earlier-'));
const current = bundleOf('operations').code;
let database: TestDatabase;
let access: TemporalAccess;
beforeAll(async () => {
  quietRuntime();
  await ensureSecrets(home);
  database = await createTestDatabase();
  // With the keys of the home, by which its workers read what is asked of them.
  access = openTemporal({ home, temporal: await sharedTemporal() });
});
afterAll(async () => {
  await access?.close();
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

/** Builds that are there, each with another id. */
async function keptBuilds(count: number, code = current): Promise<readonly string[]> {
  const codes = Array.from({ length: count }, (_, at) => `${code}\n// ${at}`);
  for (const one of codes) await keepBundle(home, one);
  return codes.map(buildIdOf);
}

const asListed = (buildId: string) => {
  const field = (value: string) => ({ data: Buffer.from(JSON.stringify(value)) });
  const indexedFields = {
    TemporalWorkerDeploymentVersion: field(`operations-x:${buildId}`),
    TemporalWorkflowVersioningBehavior: field('Pinned'),
  };
  return { raw: { searchAttributes: { indexedFields } } };
};

/** The object itself, but for these parts of it. */
const instead = <T extends object>(of: T, parts: object): T =>
  new Proxy(of, {
    get: (_, name) => {
      if (name in parts) return Reflect.get(parts, name);
      const found: unknown = Reflect.get(of, name, of);
      return typeof found === 'function' ? found.bind(of) : found;
    },
  });

/** `openIn`: the builds that have an open run, from the first look at the list on. */
async function served(desk: string, openIn: (look: number) => readonly string[]) {
  const told: UnservedBuild[] = [];
  const said: { readonly msg: string; readonly buildId?: string }[] = [];
  let looks = 0;
  async function* list() {
    looks += 1;
    for (const buildId of openIn(looks)) yield asListed(buildId);
  }
  const temporal = {
    ...access,
    within: ((deadlineMs, use) =>
      access.within(deadlineMs, (client) =>
        use(instead(client, { workflow: instead(client.workflow, { list }) })),
      )) as typeof access.within,
  };
  const serving = serveBuilds({
    ...{ runtime: { home, temporal: await sharedTemporal() } as never, temporal, desk, of: 'operations' },
    ...{ code: current, everyMs: 100, options: IN_THIS_THREAD, activities: {} },
    log: pino({ level: 'info' }, { write: (line: string) => void said.push(JSON.parse(line)) }),
    sinks: followRuns(database.pool, desk),
    tell: async (unserved) => void told.push(unserved),
  });
  await serving.ready;
  const saidOf = (words: string): readonly (string | undefined)[] =>
    said.filter(({ msg }) => msg.includes(words)).map(({ buildId }) => buildId);
  return {
    told,
    begun: () => saidOf('serves the open runs of an earlier build'),
    ended: () => saidOf('the last run of an earlier build has ended'),
    toLook: (look: number) => until(`look ${look}`, () => looks >= look),
    stop: () => serving.stop(),
  };
}

it('four at most are served, since each takes memory; of a fifth is said that its runs wait, once', async () => {
  const builds = await keptBuilds(5);
  const one = await served('five-builds', () => builds);
  await until('the fifth to be told', () => one.told.some(({ buildId }) => buildId === builds[4]));
  await one.toLook(3);
  expect(one.begun()).toEqual(builds.slice(0, 4));
  expect(one.told.filter(({ buildId }) => buildId === builds[4])).toEqual([
    { buildId: builds[4], runs: 1, why: '4 earlier builds are served already' },
  ]);
  await one.stop();
});

it('one is served on where Temporal’s list lacks its runs for a moment, and no longer than they last', async () => {
  const [build] = (await keptBuilds(1)) as [string];
  let isOpen = true;
  const one = await served('lagging-list', (look) => (isOpen && look !== 2 ? [build] : []));
  await one.toLook(4);
  expect([one.begun(), one.ended()]).toEqual([[build], []]);
  isOpen = false;
  await until('its end', () => one.ended().length > 0);
  expect(one.begun()).toEqual([build]);
  await one.stop();
});

it('of one whose workflows do not run any more is said that its runs wait, once', async () => {
  const [build] = (await keptBuilds(1, 'module.exports = {}')) as [string];
  const one = await served('no-workflows', () => [build]);
  await until('it to be told', () => one.told.length > 0);
  await one.toLook(6);
  expect(one.told).toEqual([{ buildId: build, runs: 1, why: 'its workflows do not run in this build' }]);
  await one.stop();
});
