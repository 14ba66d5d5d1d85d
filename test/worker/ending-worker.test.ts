/** A worker that ends: at once with nothing in its hands, else after what its activities need. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { END_TIMES, withHeartbeat } from '../../src/activities/worker-ends.js';
import { backupWorkflowId, operationsQueue, preflightId } from '../../src/contracts/queues.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { ROLE_TIMES } from '../../src/supervisor/roles.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { type KeptWorker, keepWorker } from '../../src/worker/keep-worker.js';
import { UNHEARD } from '../../src/worker/reconcile/ended-runs.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';
import { bundleOf } from '../workflows/support/serve-queue.js';

const home = mkdtempSync(join(tmpdir(), 'fermata-ending-'));
let bench: Bench;
beforeAll(async () => {
  await ensureSecrets(home);
  bench = await openBench(home);
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

const SECONDS_LONG = 7_000;
/** Of the 20 s that an attempt is waited for; a pre-flight's contract gives it 30. */
const LONG_MS = 12_000;

/** Node warns of a leak where more than ten listen to one signal. */
const MORE_THAN_NODE_EXPECTS = 12;

async function serve(desk: string, activities: object): Promise<KeptWorker> {
  const { address: temporal, temporal: access } = bench;
  const runtime = { home, temporal } as never;
  const kept = keepWorker(
    { runtime, temporal: access, log: pino({ level: 'silent' }) },
    { taskQueue: operationsQueue(desk), bundle: bundleOf('operations'), activities, sinks: UNHEARD },
  );
  await kept.ready;
  return kept;
}

const step = { verdict: 'pass', title: 'T', observed: 'x', expected: 'y' };
const quickBackup = {
  takeBackup: async () => ({ backupId: 'b1', step: { key: 'take', ...step } }),
  pruneBackups: async () => ({ key: 'prune', ...step }),
  recordEvidenceBatch: async (): Promise<void> => undefined,
};

const startBackup = (desk: string) =>
  bench.client.workflow.start('backup', {
    workflowId: backupWorkflowId(desk),
    taskQueue: operationsQueue(desk),
    args: [
      {
        ...{ desk, verify: false, keep: 5, simulated: true },
        ...{ marketMs: null, person: null, evidenceMs: 600_000 },
      },
    ],
  });

const drawDesk = (): string => `t-${randomBytes(4).toString('hex')}`;

describe.concurrent('a worker that ends', () => {
  it('ends at once when nothing runs', async () => {
    const worker = await serve(drawDesk(), {});
    const beganMs = performance.now();
    await worker.stop();
    expect(performance.now() - beganMs).toBeLessThan(END_TIMES.graceMs);
  });

  it('gives each activity what is left of the time that its own contract names', async () => {
    const desk = drawDesk();
    let began = 0;
    const worker = await serve(desk, {
      runPreflight: async () => {
        began += 1;
        await Context.current().sleep(LONG_MS);
        return { verdict: 'pass', results: [] };
      },
    });
    const run = await bench.client.workflow.start('preflight', {
      workflowId: preflightId(desk),
      taskQueue: operationsQueue(desk),
      args: [{ desk }],
    });
    await until('it to be under way', () => began === 1);
    await worker.stop();
    const { events } = await run.fetchHistory();
    expect(events?.some((event) => event.activityTaskCompletedEventAttributes)).toBe(true);
    expect(began).toBe(1);
  });

  it('waits no longer for one that hangs than its own contract allows; the next worker does it again', async () => {
    const desk = drawDesk();
    let began = 0;
    const activities = {
      ...quickBackup,
      // Ten seconds by its contract, and it listens to nothing.
      recordEvidenceBatch: () => {
        began += 1;
        return began === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
    };
    const worker = await serve(desk, activities);
    const run = await startBackup(desk);
    await until('it to hang', () => began === 1);
    const askedMs = performance.now();
    await worker.stop();
    expect(performance.now() - askedMs).toBeLessThan(END_TIMES.graceMs);
    const next = await serve(desk, activities);
    expect(await run.result()).toMatchObject({ verdict: 'pass' });
    await next.stop();
  });

  it('tells what goes on for hours at once, and waits for its cleanup; the next worker does it again', async () => {
    const desk = drawDesk();
    const seen = { began: 0, toldMs: 0, cleaned: 0 };
    const activities = {
      ...quickBackup,
      takeBackup: () =>
        withHeartbeat(async (_say, signal) => {
          seen.began += 1;
          if (seen.began > 1) return quickBackup.takeBackup();
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
          seen.toldMs = performance.now();
          await sleep(SECONDS_LONG);
          seen.cleaned += 1;
          throw signal.reason;
        }),
    };
    const worker = await serve(desk, activities);
    const run = await startBackup(desk);
    await until('it to be under way', () => seen.began === 1);
    const askedMs = performance.now();
    await worker.stop();
    expect(seen.toldMs - askedMs).toBeLessThan(END_TIMES.graceMs / 2);
    expect(seen).toMatchObject({ began: 1, cleaned: 1 });
    const next = await serve(desk, activities);
    expect(await run.result()).toMatchObject({ verdict: 'pass', backupId: 'b1' });
    await next.stop();
  });

  it('has as many activities in its hands as there are, and nothing warns of a leak', async () => {
    const desk = drawDesk();
    const warned: string[] = [];
    const onWarning = ({ message }: Error): number => warned.push(message);
    process.on('warning', onWarning);
    let under = 0;
    let letGo = (): void => undefined;
    const enough = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const worker = await serve(desk, {
      runPreflight: async () => {
        under += 1;
        if (under === MORE_THAN_NODE_EXPECTS) letGo();
        await enough;
        return { verdict: 'pass', results: [] };
      },
    });
    const runs = await Promise.all(
      Array.from({ length: MORE_THAN_NODE_EXPECTS }, (_, index) =>
        bench.client.workflow.start('preflight', {
          workflowId: `${preflightId(desk)}-${index}`,
          taskQueue: operationsQueue(desk),
          args: [{ desk }],
        }),
      ),
    );
    await Promise.all(runs.map((run) => run.result()));
    await worker.stop();
    process.off('warning', onWarning);
    expect(warned.filter((text) => text.includes('AbortSignal'))).toEqual([]);
  });

  it('has more time from who started it than the longest of its activities has from it', () => {
    for (const role of ['engine-worker', 'operations-worker'] as const)
      expect(ROLE_TIMES[role].stopMs).toBeGreaterThan(END_TIMES.graceMs + END_TIMES.closeMs);
  });

  it('has ended, and the next one begun, before the trader of the shipped desk misses its heartbeats', () => {
    const { deadMan } = loadDesk('desks/crypto-bot/desk.yaml').desk;
    const silentMs = (deadMan?.operationsSilentSeconds ?? 0) * 1000;
    expect(END_TIMES.graceMs + END_TIMES.closeMs).toBeLessThanOrEqual(silentMs / 2);
  });
});
