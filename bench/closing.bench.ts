/**
 * 20 open positions with confirmed stops at a venue that takes 100 ms to answer: from the request to the last cancel or
 * closing order at the venue, and to flat proven by reading the venue back. Then with one answer in twenty failing. Last, a
 * stop while 20 and 200 entries rest.
 */

import { deskAtVenue, STARTING_CASH } from '../test/support/desk-at-venue.js';
import { EXACTLY, untilHolds } from '../test/support/eventually.js';
import { FaultyVenue, type VenueCall, type VenueMethod } from '../test/support/faulty-venue.js';
import type { Fault } from '../test/support/venue-faults.js';
import { atLength, median, print } from './print.js';

const POSITIONS = 20;
const LATENCY_MS = 100;
const RUNS = atLength(5, 1);

interface Measured {
  readonly lastOrderMs: number;
  readonly flatMs: number;
  readonly flat: boolean;
}

async function closeAll(stopLocksBalance: boolean, faults?: (call: { method: VenueMethod }) => Fault | null) {
  let armed = false;
  const venue = new FaultyVenue({
    count: POSITIONS,
    latencyMs: LATENCY_MS,
    positions: Array.from({ length: POSITIONS }, () => 100),
    stopLocksBalance,
    shorting: !stopLocksBalance,
    faults: (call) => (armed ? (faults?.(call) ?? null) : null),
  });
  const desk = await deskAtVenue(venue, { positions: POSITIONS });
  armed = true;
  const before = venue.calls.length;
  const beganAtMs = performance.now();
  await desk.runner.command({
    commandId: 'bench',
    by: 'bench',
    reason: 'bench',
    command: { name: 'closeAll' },
  });
  await untilHolds(
    () => desk.engine.view.closeAll === 'flat' || desk.engine.view.closeAll === 'escalated',
    EXACTLY,
  );
  const measured: Measured = {
    lastOrderMs: lastSent(venue.calls.slice(before), 'submit') - beganAtMs,
    flatMs: performance.now() - beganAtMs,
    flat: desk.engine.view.closeAll === 'flat',
  };
  await desk.close();
  await venue.close();
  return measured;
}

function lastSent(calls: readonly VenueCall[], method: VenueMethod): number {
  return Math.max(...calls.filter((call) => call.method === method).map((call) => call.sentAtMs));
}

/** Every instrument crosses upwards, so that an entry rests in each; then a stop. */
async function stop(count: number): Promise<number> {
  const venue = new FaultyVenue({ count, latencyMs: LATENCY_MS, cash: STARTING_CASH });
  const symbols = venue.instruments.map(({ symbol }) => symbol);
  const parameters = { fastBars: 2, slowBars: 3, atrBars: 2, entryRestBars: 100 };
  const desk = await deskAtVenue(venue, {
    maxPositionSizePct: 80 / count,
    strategies: [{ name: 'ema', kind: 'emaCross', symbols, enabled: true, parameters }],
  });
  const order = { commandId: 'bench', by: 'bench', reason: 'bench' };
  await untilHolds(() => desk.engine.view.reconciliation.state === 'clean');
  const haltId = desk.engine.view.haltId ?? '';
  const arm = { name: 'arm', haltId, configHash: desk.configHash, authority: 'person' } as const;
  const armed = await desk.runner.command({ ...order, command: arm });
  if (!armed.ok) throw new Error(`the desk was not armed: ${armed.message}`);
  const closes = [10_000, 9_990, 9_980, 9_970, 9_960, 10_400];
  for (const [index, closeTicks] of closes.entries()) {
    for (const { id } of venue.instruments) desk.runner.post(barOf(id, index, closeTicks));
  }
  await untilHolds(() => desk.engine.view.orders.filter((one) => one.state === 'working').length === count);
  const beganAtMs = performance.now();
  await desk.runner.command({ ...order, command: { name: 'stop' } });
  await untilHolds(() => venue.callsOf('cancel').length === count, EXACTLY);
  const lastMs = lastSent(venue.calls, 'cancel') - beganAtMs;
  await desk.close();
  await venue.close();
  return lastMs;
}

function barOf(instrument: number, index: number, closeTicks: number) {
  return {
    kind: 'bar',
    instrument,
    openMs: index * 60_000,
    spanMs: 60_000,
    openTicks: closeTicks,
    highTicks: closeTicks + 5,
    lowTicks: closeTicks - 5,
    closeTicks,
    volumeLots: 1,
    warmup: false,
  } as const;
}

const EVERY_FAULT: readonly Fault[] = [
  { kind: 'unavailable' },
  { kind: 'reject' },
  { kind: 'ban', forMs: 1000 },
  { kind: 'hang', forMs: 15_000, applied: false },
  { kind: 'unacknowledged' },
];
const FAULTS = atLength(EVERY_FAULT, EVERY_FAULT.slice(0, 1));

for (const [name, locks] of [
  ['stops do not lock the balance', false],
  ['spot, stops lock the balance', true],
] as const) {
  const runs: Measured[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await closeAll(locks));
  if (!runs.every(({ flat }) => flat)) throw new Error(`without a fault not all was closed (${name})`);
  print(
    `close-all to the last closing order sent (${name})`,
    median(runs.map((one) => one.lastOrderMs)),
    'ms',
  );
  print(`close-all to flat proven (${name})`, median(runs.map((one) => one.flatMs)), 'ms');
  print('answers alone', (locks ? 3 : 2) * LATENCY_MS, 'ms');
  for (const fault of FAULTS) {
    let count = 0;
    const one = await closeAll(locks, ({ method }) => {
      if (method !== 'submit' && method !== 'cancel') return null;
      count += 1;
      return count === 7 ? fault : null;
    });
    print(
      `one answer of twenty: ${fault.kind} (${name}): ${one.flat ? 'flat' : 'escalated'}`,
      one.flatMs,
      'ms',
    );
  }
}
for (const count of atLength([20, 200], [20])) {
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await stop(count));
  print(`stop to the last of ${count} cancels sent`, median(runs), 'ms');
}
