/** What began under one build ends under it, whatever build runs the desk by then. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Context } from '@temporalio/activity';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelledOrEnding } from '../../src/activities/worker-ends.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { readSeenRuns } from '../../src/store/runs-seen.js';
import type { TemporalAccess } from '../../src/temporal/open-temporal.js';
import type { KeptWorker } from '../../src/worker/keep-worker.js';
import { followRuns } from '../../src/worker/reconcile/ended-runs.js';
import { replayOpenRuns } from '../../src/worker/replay-open-runs.js';
import { serveBuilds } from '../../src/worker/serve-builds.js';
import { tellUnserved } from '../../src/worker/stuck-runs.js';
import { buildIdOf, keepBundle, typesOf } from '../../src/worker/workflow-bundles.js';
import { liveBenchDesk } from '../go-live/support/attempt.js';
import { until } from '../support/eventually.js';
import { failedTasks } from '../support/failed-tasks.js';
import { PRESSABLES, QUICK_ACTIVITIES } from '../support/kill-matrix/pressables.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { bundleFrom, bundleOf, IN_THIS_THREAD, serveQueue } from '../workflows/support/serve-queue.js';

const NEXT = fileURLToPath(new URL('support/next-build.ts', import.meta.url));
const BUILDS = fileURLToPath(new URL('../../temporal/builds/', import.meta.url));
const WAIT_MS = 120_000;
const home = mkdtempSync(join(tmpdir(), 'fermata-builds-'));
const said: string[] = [];
const log = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });

/** The operations worker of one desk, build after build. */
class Operations {
  readonly steps: string[] = [];
  /** Held: whatever a run asks for first is not answered before the next build. */
  held = true;
  private letGo = new AbortController();
  serving: KeptWorker | null = null;

  constructor(
    private readonly desk: string,
    private readonly activities: object,
  ) {}

  async serve(code: string): Promise<void> {
    await this.stop();
    this.letGo = new AbortController();
    const { address: temporal, database, temporal: access } = bench;
    const watched = {
      temporal: access,
      desk: { desk: this.desk } as never,
      trader: { call: () => Promise.reject(new Error('no trader')) } as never,
      pool: database.pool,
      log,
      seen: { incarnation: null },
    };
    const runtime = { home, temporal } as never;
    this.serving = serveBuilds({
      ...{ runtime, temporal: access, log, desk: this.desk, of: 'operations', code, everyMs: 300 },
      options: IN_THIS_THREAD,
      sinks: followRuns(database.pool, this.desk),
      tell: (unserved) => tellUnserved(watched, home, unserved),
      activities: { ...this.gated(), oneMoreStep: this.step },
    });
    await this.serving.ready;
  }

  async stop(): Promise<void> {
    // A worker that ends waits for what it has in its hands: what is held here comes again with the next one.
    this.letGo.abort();
    await this.serving?.stop();
    this.serving = null;
  }

  private readonly step = async (type: string): Promise<void> => {
    this.steps.push(type);
  };

  private gated(): object {
    return Object.fromEntries(
      Object.entries(this.activities).map(([name, carryOut]: [string, (...args: unknown[]) => unknown]) => [
        name,
        async (...args: unknown[]) => {
          const ends = AbortSignal.any([cancelledOrEnding(Context.current()), this.letGo.signal]);
          while (this.held) await sleep(50, undefined, { signal: ends });
          return carryOut(...args);
        },
      ]),
    );
  }
}

const byQueue = new Map<string, Operations>();
let bench: Bench;
let old: string;
/** What a desk is served at first. */
let begun: string;
let next: string;
beforeAll(async () => {
  await ensureSecrets(home);
  old = bundleOf('operations').code;
  begun = old;
  next = (await bundleFrom(NEXT)).code;
  bench = await openBench(home, null, undefined, async (connection, namespace, ofHome, queue) => {
    if (queue.bundle !== 'operations') return serveQueue(connection, namespace, ofHome, queue);
    const operations = new Operations(queue.taskQueue.replace('operations:', ''), queue.activities);
    byQueue.set(queue.taskQueue, operations);
    await operations.serve(begun);
    return { end: async () => operations.serving?.stop() };
  });
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});
afterEach(() => {
  begun = old;
  said.length = 0;
  rmSync(homePaths(home).workflowBundles, { recursive: true, force: true });
});

const operationsOf = (desk: BenchDesk): Operations => {
  const found = byQueue.get(`operations:${desk.name}`);
  if (found === undefined) throw new Error('no operations');
  return found;
};

const describeRun = (workflowId: string) => bench.client.workflow.getHandle(workflowId).describe();

async function buildOf(workflowId: string): Promise<string | null> {
  const { raw } = await describeRun(workflowId);
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? null;
}

async function toEnd(desk: BenchDesk, procedure: (typeof PRESSABLES)[number], workflowId: string) {
  await until(
    `${procedure.name} to end`,
    async () => {
      await procedure.answer(bench, desk, workflowId).catch(() => undefined);
      return (await describeRun(workflowId)).status.name !== 'RUNNING';
    },
    WAIT_MS,
  );
  expect(await failedTasks(bench.client, workflowId), procedure.name).toEqual([]);
}

/** Temporal's list as it is for a moment: it knows the runs, and not yet to which build each is pinned. */
const listedWithoutBuilds = (temporal: TemporalAccess): TemporalAccess => ({
  ...temporal,
  within: (deadlineMs, use) =>
    temporal.within(deadlineMs, ({ options, workflow }) => {
      async function* list(asked: Parameters<typeof workflow.list>[0]) {
        for await (const run of workflow.list(asked))
          yield { ...run, raw: { ...run.raw, searchAttributes: null } };
      }
      const getHandle = workflow.getHandle.bind(workflow);
      return use({ options, workflow: { list, getHandle } } as never);
    }),
});

/** What the emergency worker runs has no versions: docs/design/upgrades.md. */
const versioned = PRESSABLES.filter(({ routine }) => routine !== 'emergency-stop');

describe('an upgrade under running procedures', () => {
  it.each(versioned)('ends $name under the build under which it began', async (procedure) => {
    const desk = await procedure.desk(bench);
    const operations = operationsOf(desk);
    const workflowId = await procedure.begin(bench, desk);
    await until('its first task', async () => (await buildOf(workflowId)) === buildIdOf(old), WAIT_MS);

    await operations.serve(next);
    operations.held = false;
    await toEnd(desk, procedure, workflowId);
    const upgrades = procedure.endless === true;
    expect(await buildOf(workflowId)).toBe(buildIdOf(upgrades ? next : old));
    expect(operations.steps).toEqual([]);

    const again = await procedure.begin(bench, desk);
    await toEnd(desk, procedure, again);
    expect(await buildOf(again)).toBe(buildIdOf(next));
    expect(operations.steps).toHaveLength(1 + (procedure.begins ?? 0));
    await desk.stop();
  });

  it.each(readdirSync(BUILDS))(
    'ends each of all types that are open on one desk under %s',
    async (file) => {
      // As it was built then, with what activities are given and give now.
      begun = gunzipSync(readFileSync(join(BUILDS, file))).toString();
      expect(file).toBe(`operations-${buildIdOf(begun)}.js.gz`);
      const desk = await liveBenchDesk(bench, { activities: QUICK_ACTIVITIES });
      const operations = operationsOf(desk);
      const open: { readonly procedure: (typeof PRESSABLES)[number]; readonly workflowId: string }[] = [];
      const known = versioned.filter(({ newType }) => newType === undefined || typesOf(begun)?.has(newType));
      for (const procedure of known) open.push({ procedure, workflowId: await procedure.begin(bench, desk) });
      expect(new Set(open.map(({ workflowId }) => workflowId)).size).toBe(known.length);
      for (const { procedure, workflowId } of open)
        await until(
          `the first task of ${procedure.name}`,
          async () => (await buildOf(workflowId)) === buildIdOf(begun),
          WAIT_MS,
        );
      const kept = async () => [
        ...new Set((await readSeenRuns(bench.database.pool, desk.name)).map(({ type }) => type)),
      ];
      const types = [
        'backup',
        'incident',
        'restoreDrill',
        'resumption',
        'routine',
        'settingsChange',
        'validation',
      ];
      await until('each to be kept as begun', async () => `${(await kept()).sort()}` === `${types}`, WAIT_MS);
      const bundles = { emergency: '', operations: next };
      const looked = await until('each to be listed', async () => {
        const found = await replayOpenRuns(bench.temporal, desk.name, bundles, home);
        return found.length === known.length ? found : null;
      });
      expect(looked.filter(({ problem }) => problem !== null)).toEqual([]);

      await operations.serve(next);
      operations.held = false;
      await Promise.all(open.map(({ procedure, workflowId }) => toEnd(desk, procedure, workflowId)));
      await until('each to be kept as ended', async () => (await kept()).length === 0, WAIT_MS);
      for (const { procedure, workflowId } of open)
        expect(await buildOf(workflowId), procedure.name).toBe(buildIdOf(procedure.endless ? next : begun));
      expect(operations.steps).toEqual([]);
      await desk.stop();
    },
    400_000,
  );

  it('names a build that is gone, once, and goes on when it is back', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const operations = operationsOf(desk);
    const [routine] = PRESSABLES;
    if (routine === undefined) throw new Error('no procedure');
    const workflowId = await routine.begin(bench, desk);
    await until('its first task', async () => (await buildOf(workflowId)) === buildIdOf(old), WAIT_MS);
    const file = join(homePaths(home).workflowBundles, `operations-${buildIdOf(old)}.js`);
    await until('the build to be kept', () =>
      readdirSync(homePaths(home).workflowBundles).includes(`operations-${buildIdOf(old)}.js`),
    );
    const look = () => replayOpenRuns(bench.temporal, desk.name, { emergency: '', operations: next }, home);
    // Temporal's list is a moment behind.
    const looked = await until('it to be listed', async () => {
      const found = await look();
      return found.length > 0 ? found : null;
    });
    expect(looked.map(({ problem }) => problem)).toEqual([null]);
    const behind = listedWithoutBuilds(bench.temporal);
    const bundles = { emergency: '', operations: next };
    expect(await replayOpenRuns(behind, desk.name, bundles, home)).toEqual(looked);

    // While it serves, this build writes what it keeps anew.
    await operations.stop();
    writeFileSync(file, 'module.exports = {}');
    expect((await look())[0]?.problem).toMatch(/is not what was kept there/);
    operations.held = false;
    await operations.serve(next);
    const told = () =>
      bench.database.pool
        .query<{ body: string }>('select body from notice where desk = $1 and fingerprint = $2', [
          desk.name,
          `build:${buildIdOf(old)}`,
        ])
        .then(({ rows }) => rows.map(({ body }) => body));
    await until('people to be told', async () => (await told()).length > 0, WAIT_MS);
    expect((await told())[0]).toMatch(/is not what was kept there\. They wait/);
    expect((await describeRun(workflowId)).status.name).toBe('RUNNING');

    await keepBundle(home, old);
    await toEnd(desk, routine, workflowId);
    expect(await told()).toHaveLength(1);
    // Served no longer than its runs last: each build has memory of its own.
    const isOver = (line: string) =>
      line.includes('the last run of an earlier build has ended') && line.includes(buildIdOf(old));
    await until('the worker of that build to end', () => said.some(isOver), WAIT_MS);
    await desk.stop();
  });

  it('goes on with runs from before there were builds', async () => {
    const desk = await bench.desk({ serve: ['engine'] });
    const [routine] = PRESSABLES;
    if (routine === undefined) throw new Error('no procedure');
    const database = async () => ({ verdict: 'pass', observed: 'x', expected: 'y' }) as const;
    const before = await serveQueue(bench.connection, bench.address.namespace, home, {
      taskQueue: `operations:${desk.name}`,
      activities: {},
      bundle: 'operations',
    });
    const workflowId = await routine.begin(bench, desk);
    await until('its first task', async () => (await describeRun(workflowId)).historyLength >= 4, WAIT_MS);
    await before.end();
    const activities = { runCheck: database, recordEvidenceBatch: async () => undefined };
    const operations = new Operations(desk.name, activities);
    operations.held = false;
    await operations.serve(old);
    await until('the build to take it', async () => (await buildOf(workflowId)) === buildIdOf(old), WAIT_MS);
    expect(await failedTasks(bench.client, workflowId)).toEqual([]);
    await bench.client.workflow.getHandle(workflowId).terminate();
    await operations.serving?.stop();
    await desk.stop();
  });
});
