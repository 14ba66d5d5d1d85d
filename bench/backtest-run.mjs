// `node bench/backtest-run.mjs WAY DESK SYMBOL=FILE …`: one backtest with the built code, in a process of its own for its peak memory;
// prints one JSON line. WAY: `file` is the whole backtest; `read` only reads the recording into prices and bars; `engine` shows
// the engine alone the bars, without prices between them and without a venue.
import { argv } from 'node:process';
import { instanceConfig } from '../dist/backtest/instance/trading-instance.js';
import { runBacktest } from '../dist/backtest/run-backtest.js';
import { createEngine } from '../dist/engine/engine.js';
import { RecordedSource } from '../dist/market/recorded/recorded-source.js';
import { spreadTicksOf } from '../dist/market/spread.js';
import { buildInstruments } from '../dist/trader/engine-config.js';
import { loadDesk } from '../dist/venue/load-desk.js';

const [, , way, deskFile, ...data] = argv;
const { desk, configHash } = loadDesk(deskFile);
const files = data.map((one) => ({
  symbol: one.slice(0, one.indexOf('=')),
  file: one.slice(one.indexOf('=') + 1),
}));

/** What `work` takes of the processor, its collector and compiler included. */
async function timed(work) {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { ...result, seconds: (user + system) / 1e6, peakMebibytes: process.resourceUsage().maxRSS / 1024 };
}

async function backtest() {
  const { report } = await runBacktest({
    ...{ desk, configHash, set: [], files, beginMs: null, untilMs: null, dataKey: null },
    tradesMax: 500, // as the command does for its page
    ...{ fillModel: { path: 'nearer', limitFill: 'touch', volumePartPct: null } },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  return {
    orders: report.orders,
    trades: report.figures?.trades ?? 0,
    stateHash: report.stateHash,
  };
}

/** The bars of all files, in the order of their time. */
async function read() {
  const instruments = buildInstruments(desk);
  const spreads = spreadTicksOf(desk.instruments, instruments);
  const inputs = files.map(({ symbol, file }) => {
    const instrument = instruments.find((one) => one.symbol === symbol);
    return { file, instrument, spreadTicks: spreads[instrument.id] ?? 1 };
  });
  const source = await RecordedSource.open(inputs, 0);
  const bars = [];
  do {
    for (let event = source.peek(); event !== null; event = source.peek()) {
      source.shift();
      if (event.kind === 'bar') bars.push(event);
    }
  } while (await source.fill());
  await source.close();
  return { instruments, bars };
}

async function engineAlone() {
  const { instruments, bars } = await read();
  return timed(async () => {
    const engine = createEngine(instanceConfig({ id: 'bench', desk, configHash, instruments }));
    engine.begin({ wallMs: 0, marketMs: bars[0].bar.openMs, monotonicMs: 0 });
    for (const { marketMs, bar } of bars)
      engine.process({
        kind: 'bar',
        ...bar,
        warmup: false,
        wallMs: marketMs,
        marketMs,
        monotonicMs: marketMs,
      });
    return { orders: 0, trades: 0, stateHash: engine.stateHash() };
  });
}

const ways = {
  file: () => timed(backtest),
  read: () => timed(async () => ({ orders: 0, trades: 0, bars: (await read()).bars.length })),
  engine: engineAlone,
};
console.log(JSON.stringify(await ways[way]()));
