/**
 * One machine's hour: a desk trades while somebody cancels, terminates and resets its runs, signals garbage and sends raw
 * requests, at random. RANDOM_SEED draws the same again; RANDOM_MINUTES makes it shorter.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deskOwnerId, pulseId } from '../../src/contracts/queues.js';
import { readOpenThings } from '../../src/store/runs-seen.js';
import { runState } from '../../src/temporal/runs.js';
import { stuckRuns } from '../../src/worker/stuck-runs.js';
import { Random } from '../simulation/random.js';
import { until } from '../support/eventually.js';
import { type Bench, openPaperBench } from '../support/kill-matrix/bench.js';
import { settle } from '../support/kill-matrix/settle.js';
import { meddle } from '../support/meddling.js';

const SEED = Number(process.env.RANDOM_SEED ?? Date.now() % 1_000_000);
const MINUTES = Number(process.env.RANDOM_MINUTES ?? 60);
const MINUTE_MS = 60_000;
/** So often the desk has to stand as it should; in between it may be stopped for most of the time. */
const SETTLE_EVERY_MS = 5 * MINUTE_MS;
const PAUSE_MS_MAX = 3_000;
/** What nobody goes on with is found within a minute after its first one. */
const RECONCILED_MS = 4 * MINUTE_MS;

let bench: Bench;
beforeAll(async () => {
  bench = await openPaperBench();
}, 240_000);
afterAll(() => bench?.close());

it(`trades on after an hour of meddling, and nothing is lost or left (RANDOM_SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  const endMs = Date.now() + MINUTES * MINUTE_MS;
  const done = new Map<string, number>();
  for (let settledMs = Date.now(); Date.now() < endMs; ) {
    const said = await meddle(bench, random);
    console.log(`${new Date().toISOString().slice(11, 19)} ${said.slice(0, 200)}`);
    // What was refused has meddled with nothing.
    const deed = `${said.split(':')[0]}${said.includes(': refused (') ? ', refused' : ''}`;
    done.set(deed, (done.get(deed) ?? 0) + 1);
    await sleep(random.whole(0, PAUSE_MS_MAX));
    if (Date.now() - settledMs < SETTLE_EVERY_MS) continue;
    await settle(bench);
    settledMs = Date.now();
  }
  console.log(JSON.stringify(Object.fromEntries(done)));
  for (const deed of ['cancel', 'terminate', 'reset', 'signal', 'raw requests', 'work'])
    expect(done.get(deed) ?? 0, `times ${deed}`).toBeGreaterThan(0);
  await settle(bench);
  await untilEverythingOpenRuns();
  await untilNothingStandsStill();
  await untilItTrades();
  // Also what was written meanwhile.
  await settle(bench);
});

async function untilEverythingOpenRuns(): Promise<void> {
  const { pool, temporal, runtime } = bench;
  await until(
    'a run of each open thing',
    async () => {
      const owners = [deskOwnerId(runtime.desk), pulseId(runtime.desk)].map((workflowId) => ({
        ...{ workflowId, firstRunId: null, kind: 'always', title: workflowId },
      }));
      const open = await readOpenThings(pool, runtime.desk, Date.now());
      for (const { workflowId, firstRunId, kind, title } of [...owners, ...open]) {
        const state = await runState(temporal, workflowId, firstRunId);
        if (!state.running) throw new Error(`${kind} ${title}: ${state.how}`);
      }
      return true;
    },
    RECONCILED_MS,
  );
}

/** A run whose task fails again and again runs by its state, and does nothing. */
async function untilNothingStandsStill(): Promise<void> {
  const { temporal, runtime } = bench;
  await until(
    'no run that stands still',
    async () => {
      const [stuck] = await stuckRuns(temporal, runtime.desk);
      if (stuck !== undefined) throw new Error(JSON.stringify(stuck));
      return true;
    },
    RECONCILED_MS,
  );
}

async function untilItTrades(): Promise<void> {
  const { fills } = await bench.operations.readStatus();
  await until('a new fill', async () => (await bench.operations.readStatus()).fills > fills, 5 * MINUTE_MS);
}
