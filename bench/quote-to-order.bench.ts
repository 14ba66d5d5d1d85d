/**
 * From a quote that makes the engine act to the order in the venue's hands, with the real engine, runner and journal on
 * disk: an entry of a strategy, and the exit of a trade whose target the engine holds. Beside each of them one bare write
 * and sync of as many bytes on the same disk, since no order leaves before its intent is there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TradedStrategy } from '../src/engine/config.js';
import type { EngineRecord } from '../src/engine/record.js';
import { arm, deskAtVenue, STARTING_CASH } from '../test/support/desk-at-venue.js';
import { EXACTLY, untilHolds } from '../test/support/eventually.js';
import { FaultyVenue } from '../test/support/faulty-venue.js';
import { atLength, print } from './print.js';

const ROUNDS = atLength(600, 10);
/** While code is compiled and files grow. */
const UNCOUNTED = atLength(100, 2);
const BID_TICKS = 10_000;
const TARGET_TICKS = 10_050;
/** About what the intent of such an order takes in the journal. */
const BYTES = 512;
const MINUTE_MS = 60_000;

const kind = './strategies/at-once.ts';
/** Enters at the first quote of each minute at which it holds nothing. */
const AT_ONCE: TradedStrategy = {
  ...{ name: 'at-once', kind, symbols: ['C0/USDT'], enabled: true, parameters: {} },
  own: {
    ...{ kind, suits: 'trending', parameters: [], enters: ['market'] },
    create: () => ({
      warmupBars: 0,
      onBar: () => undefined,
      onQuote: (context) => {
        const { positionLots, entryResting, lastQuote } = context;
        if (positionLots !== 0 || entryResting || lastQuote?.bidTicks !== BID_TICKS) return;
        context.enter({
          ...{ type: 'market', side: 'buy', slippageTicks: 0, protectTicks: 9_600, size: { lots: 10 } },
          ...{ exits: { targets: [{ ticks: TARGET_TICKS, closedPpm: 1_000_000 }] }, because: 'at once' },
        });
      },
      state: () => '',
    }),
  },
};

const folder = mkdtempSync(join(tmpdir(), 'fermata-bare-write-'));
const file = await open(join(folder, 'bare'), 'w');
const bytes = Buffer.alloc(BYTES, 1);
let written = 0;

async function bareWrite(): Promise<number> {
  const beganAtMs = performance.now();
  await file.write(bytes, 0, BYTES, written);
  await file.datasync();
  written += BYTES;
  return performance.now() - beganAtMs;
}

let protectedTimes = 0;
let closedTimes = 0;
const venue = new FaultyVenue({ cash: STARTING_CASH });
const desk = await deskAtVenue(venue, { strategies: [AT_ONCE], onRecord: count });
await untilHolds(() => desk.engine.view.reconciliation.state === 'clean');
const armed = await arm(desk);
if (!armed.ok) throw new Error(`the desk was not armed: ${armed.message}`);

function count(record: EngineRecord): void {
  if (record.type === 'trade.closed') closedTimes += 1;
  if (record.type !== 'order.state' || record.state !== 'working') return;
  if (
    venue.calls.some(({ order, clientId }) => clientId === record.clientId && order?.purpose === 'protective')
  )
    protectedTimes += 1;
}

/** From the quote to the call that hands over an order for this. */
async function timed(bidTicks: number, purpose: 'entry' | 'exit'): Promise<number> {
  const before = venue.calls.length;
  const sent = () =>
    venue.calls.slice(before).find(({ method, order }) => method === 'submit' && order?.purpose === purpose);
  const beganAtMs = performance.now();
  desk.runner.post({ kind: 'quote', instrument: 0, bidTicks, askTicks: bidTicks + 1 });
  await untilHolds(() => sent() !== undefined, EXACTLY);
  return (sent()?.sentAtMs ?? Number.NaN) - beganAtMs;
}

const entries: number[] = [];
const exits: number[] = [];
const bare: number[] = [];
for (let round = 0; round < UNCOUNTED + ROUNDS; round += 1) {
  const prices = { openTicks: BID_TICKS, highTicks: BID_TICKS, lowTicks: BID_TICKS, closeTicks: BID_TICKS };
  const time = { openMs: round * MINUTE_MS, spanMs: MINUTE_MS, volumeLots: 1 };
  desk.runner.post({ kind: 'bar', instrument: 0, ...time, ...prices, warmup: false });
  // Before the quote, so that the disk is done with what the journal wrote last.
  const beforeEntry = await bareWrite();
  const entry = await timed(BID_TICKS, 'entry');
  await untilHolds(() => protectedTimes > round, EXACTLY);
  const beforeExit = await bareWrite();
  const exit = await timed(TARGET_TICKS, 'exit');
  await untilHolds(() => closedTimes > round, EXACTLY);
  if (round < UNCOUNTED) continue;
  entries.push(entry);
  exits.push(exit);
  bare.push(beforeEntry, beforeExit);
}
await desk.close();
await venue.close();
await file.close();
rmSync(folder, { recursive: true, force: true });

const at = (list: readonly number[], part: number): number =>
  [...list].sort((one, other) => one - other)[Math.floor(list.length * part)] as number;
for (const [name, list] of [
  ['quote to entry handed over', entries],
  ['quote at a target that the engine holds to exit handed over', exits],
  [`write of ${BYTES} bytes and sync alone`, bare],
] as const) {
  print(`${name}, p50 of ${list.length}`, at(list, 0.5), 'ms');
  print(`${name}, p99`, at(list, 0.99), 'ms');
}
