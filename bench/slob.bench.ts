/**
 * The SLOB strategy: from the quote and the minute that complete a setup to the bytes of its order leaving the socket, through the real
 * engine, journal on disk and library at Interactive Brokers' simulated Gateway; and minutes a second, in the strategy alone, in the
 * engine and in the whole backtest.
 */

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startIbkrSimulator } from '../simulators/ibkr/start.js';
import { instanceConfig } from '../src/backtest/instance/trading-instance.js';
import { runBacktest } from '../src/backtest/run-backtest.js';
import { resolveDesk } from '../src/desk/resolve-desk.js';
import { MINUTE_MS } from '../src/domain/civil-date.js';
import { createEngine } from '../src/engine/engine.js';
import type { BarEvent } from '../src/engine/event.js';
import { readParameters, type StrategyContext } from '../src/engine/strategies/strategy.js';
import { definitionOf } from '../src/pack/strategy/own-definition.js';
import { buildCalendars, buildInstruments, engineConfig } from '../src/trader/engine-config.js';
import { openJournal } from '../src/trader/journal/open-journal.js';
import { tradedAccount } from '../src/trader/open-trader.js';
import { systemClock, systemTimers } from '../src/trader/running/clock.js';
import { Runner } from '../src/trader/running/runner.js';
import { VenueCalls } from '../src/trader/running/venue-calls.js';
import { warmUpWith } from '../src/trader/warm-up.js';
import { openIbkrVenue } from '../src/venue/ibkr/ibkr-venue.js';
import { loadDesk } from '../src/venue/load-desk.js';
import { dayUntil, type Minute, momentOf } from '../test/slob/support/day.js';
import { untilHolds } from '../test/support/eventually.js';
import { atLength, median, print } from './print.js';

const ORDERS = atLength(15, 1);
const DAYS = atLength(500, 5);
const RUNS = atLength(3, 1);
const TICKS_PER_POINT = 4;
const AS_WITHOUT_OPTIONS = { path: 'nearer', limitFill: 'touch', volumePartPct: null } as const;

const { desk, configHash } = loadDesk(resolveDesk('slob'));
const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));

const barOf = (date: string, { at, open, high, low, close }: Minute) => ({
  ...{ instrument: 0, openMs: momentOf(date, at), spanMs: MINUTE_MS, volumeLots: 1 },
  ...{ openTicks: open * TICKS_PER_POINT, highTicks: high * TICKS_PER_POINT },
  ...{ lowTicks: low * TICKS_PER_POINT, closeTicks: close * TICKS_PER_POINT },
});

/** Milliseconds; a desk of its own each time, since SLOB trades once a day. */
async function quoteToOrder(run: number): Promise<number> {
  const [thursday, friday] = ['2026-11-19', '2026-11-20'];
  let marketMs = momentOf(friday, '09:39');
  const simulator = await startIbkrSimulator({
    wallMs: () => marketMs,
    accounts: [{ id: 'DU1234567', cash: '100000.00' }],
  });
  simulator.simulation.setPrice('NQZ6', '15011');
  const port = await openIbkrVenue({
    ...{ address: { host: '127.0.0.1', port: simulator.port }, clientId: 10 },
    ...{ money: 'paper', account: null, instruments: buildInstruments(desk) },
  });
  await untilHolds(() => port.state.reasons.length === 0);
  const { journal } = await openJournal({ directory: join(folder, `journal-${run}`) });
  const { incarnation } = journal;
  const traded = { port, paper: null, account: 'ibkr-simulator' };
  const account = await tradedAccount(traded, journal, desk.mode, () => null);
  const { instruments, capabilities } = port;
  const engine = createEngine(
    engineConfig(desk, configHash, incarnation, instruments, capabilities, account),
  );
  const runner = new Runner({
    ...{ engine, journal, link: new VenueCalls(port, systemTimers) },
    ...{ clock: systemClock, timers: systemTimers, pace: 'running' },
    marketNowMs: () => marketMs,
    onRecord: () => undefined,
    onBroken: (error) => {
      throw error;
    },
  });
  runner.begin();
  const past = [
    ...dayUntil('16:30', {}, {}).map((minute) => barOf(thursday, minute)),
    ...dayUntil('09:38').map((minute) => barOf(friday, minute)),
  ];
  warmUpWith(runner, past);
  const quote = () =>
    runner.post({
      ...{ kind: 'quote', instrument: 0 },
      ...{ bidTicks: 15_010.75 * TICKS_PER_POINT, askTicks: 15_011 * TICKS_PER_POINT },
    });
  quote();
  await untilHolds(() => engine.view.reconciliation.state === 'clean');
  const armed = await runner.command({
    ...{ commandId: 'arm', by: 'bench', reason: 'bench' },
    command: { name: 'arm', haltId: engine.view.haltId ?? '', configHash, authority: 'two-people' },
  });
  if (!armed.ok) throw new Error(`not armed: ${armed.message}`);
  const last = dayUntil('09:39').at(-1);
  if (last === undefined) throw new Error('no last minute');
  marketMs = momentOf(friday, '09:40');
  const left = bytesLeave(`f${incarnation}`);
  const beganAtMs = performance.now();
  quote();
  runner.post({ kind: 'bar', ...barOf(friday, last), warmup: false });
  const tookMs = (await left) - beganAtMs;
  const { orders } = simulator.simulation;
  await untilHolds(() => orders.open.length + orders.completed.length > 0);
  runner.stop();
  await port.close();
  await simulator.close();
  await journal.close();
  return tookMs;
}

/** Milliseconds for what no order can do without: some records written and on the disk. */
function bareSync(run: number): number {
  const file = openSync(join(folder, `bare-${run}`), 'w');
  const records = Buffer.alloc(4096, 1);
  const beganAtMs = performance.now();
  writeSync(file, records);
  fdatasyncSync(file);
  const tookMs = performance.now() - beganAtMs;
  closeSync(file);
  return tookMs;
}

/** When the first message with this text was handed to the system by any socket of this process. */
function bytesLeave(text: string): Promise<number> {
  const { write } = Socket.prototype;
  return new Promise((resolve) => {
    Socket.prototype.write = function (this: Socket, ...args: Parameters<typeof write>) {
      const done = write.apply(this, args);
      if (Buffer.from(args[0]).includes(text)) {
        resolve(performance.now());
        Socket.prototype.write = write;
      }
      return done;
    } as typeof write;
  });
}

/** Weekdays from the first Monday of 2026 on, each the day on which SLOB sells. */
const bars: readonly BarEvent[] = Array.from({ length: DAYS }, (_, day) => {
  const date = new Date(Date.UTC(2026, 0, 5 + Math.floor(day / 5) * 7 + (day % 5)))
    .toISOString()
    .slice(0, 10);
  return dayUntil('16:30').map((minute) => {
    const bar = barOf(date, minute);
    const marketMs = bar.openMs + MINUTE_MS;
    return { kind: 'bar' as const, ...bar, warmup: false, wallMs: marketMs, marketMs, monotonicMs: marketMs };
  });
}).flat();

/** The best of the runs, of which each begins anew. */
function barsPerSecond(begin: () => (bar: BarEvent) => unknown): number {
  const rates = Array.from({ length: RUNS }, () => {
    const show = begin();
    const beganAtMs = performance.now();
    for (const bar of bars) show(bar);
    return bars.length / ((performance.now() - beganAtMs) / 1000);
  });
  return Math.max(...rates);
}

function strategyAlone(): (bar: BarEvent) => void {
  const [{ own, parameters } = {}] = desk.strategies;
  const [instrument] = buildInstruments(desk);
  const [calendar] = buildCalendars(desk);
  if (own === undefined || parameters === undefined || instrument === undefined || calendar === undefined)
    throw new Error('the desk has no strategy of its own');
  const definition = definitionOf(own);
  const strategy = definition.create(readParameters(definition, parameters).values, instrument);
  let atMs = 0;
  const context: StrategyContext = {
    ...{ instrument, positionLots: 0, entryResting: false, lastQuote: null, shorting: true, stopLossPct: 1 },
    ...{ mayAsk: true, mayEnter: true },
    get session() {
      return calendar.readingAt(atMs);
    },
    ...{
      enter: ignore,
      exit: ignore,
      adjust: ignore,
      cancel: ignore,
      change: ignore,
      enterOneOf: ignore,
      note: ignore,
    },
    watched: () => ({ lastQuote: null, lastBar: null }),
    leg: () => context,
    fail(reason) {
      throw new Error(reason);
    },
  };
  return (bar) => {
    atMs = bar.marketMs;
    strategy.onBar(context, bar);
  };
}

function engineAlone(): (bar: BarEvent) => unknown {
  const instruments = buildInstruments(desk);
  const engine = createEngine(instanceConfig({ id: 'bench', desk, configHash, instruments }));
  engine.begin({ wallMs: 0, marketMs: bars[0]?.openMs ?? 0, monotonicMs: 0 });
  return (bar) => engine.process(bar);
}

async function wholeBacktest(): Promise<number> {
  const file = join(folder, 'minutes.csv');
  const rows = bars.map(({ openMs, openTicks, highTicks, lowTicks, closeTicks }) =>
    [openMs, ...[openTicks, highTicks, lowTicks, closeTicks].map((ticks) => ticks / TICKS_PER_POINT), 1].join(
      ',',
    ),
  );
  writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
  const beganAtMs = performance.now();
  const { report } = await runBacktest({
    ...{ desk, configHash, set: [], files: [{ symbol: null, file }], beginMs: null, untilMs: null },
    ...{ dataKey: null, fillModel: AS_WITHOUT_OPTIONS, signal: new AbortController().signal },
    onProgress: ignore,
  });
  if (report.trades.length === 0) throw new Error('the backtest has traded nothing');
  return bars.length / ((performance.now() - beganAtMs) / 1000);
}

function ignore(): void {}

try {
  const took: number[] = [];
  const bare: number[] = [];
  for (let run = 0; run < ORDERS; run += 1) {
    took.push(await quoteToOrder(run));
    bare.push(bareSync(run));
  }
  print(
    'from the quote that completes a setup to its order leaving, the first after a start',
    took[0] ?? Number.NaN,
    'ms',
  );
  print('from the quote that completes a setup to its order leaving, median', median(took), 'ms');
  print('of that, a bare write of 4 KiB and its sync to the disk, median', median(bare), 'ms');
  print('minutes a second, SLOB alone', barsPerSecond(strategyAlone), '1/s');
  print('minutes a second, SLOB in the engine', barsPerSecond(engineAlone), '1/s');
  print('minutes a second, whole backtest with file and report', await wholeBacktest(), '1/s');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
