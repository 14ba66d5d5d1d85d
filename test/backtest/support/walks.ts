/** Generated minutes, and a desk that trades them by a strategy of its user's own: averages that cross, a stop for each entry. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { resolveDesk } from '../../../src/desk/resolve-desk.js';
import { MINUTE_MS } from '../../../src/domain/civil-date.js';

const BEGIN_MS = Date.UTC(2024, 0, 1);
const CHUNK = 50_000;
const START_TICKS = 4_000_000;

const SMA_CROSS = `/** Long while the average of 10 closes is above that of 50. */
import { strategy } from 'fermata/strategy';

class Sma {
  value: number | null = null;
  private readonly newest: number[] = [];
  private count = 0;
  private sum = 0;

  constructor(private readonly bars: number) {}

  update(price: number): void {
    const at = this.count % this.bars;
    this.sum += price - (this.count < this.bars ? 0 : this.newest[at]);
    this.newest[at] = price;
    this.count += 1;
    this.value = this.count < this.bars ? null : this.sum / this.bars;
  }
}

export default strategy({
  suits: 'trending',
  enters: ['market'],
  parameters: {
    fast: { whole: true, min: 2, max: 500, default: 10, meaning: 'bars of the fast average' },
    slow: { whole: true, min: 3, max: 1000, default: 50, meaning: 'bars of the slow average' },
    stopPct: { min: 0.01, max: 20, default: 2, meaning: 'distance of the stop, percent' },
  },
  create({ parameters: { fast, slow, stopPct } }) {
    const quick = new Sma(fast);
    const calm = new Sma(slow);
    let above: boolean | null = null;
    return {
      warmupBars: slow,
      onBar(desk, bar) {
        quick.update(bar.closeTicks);
        calm.update(bar.closeTicks);
        if (quick.value === null || calm.value === null) return;
        const before = above;
        above = quick.value > calm.value;
        if (!above && desk.lots > 0) desk.exit('the fast average is below the slow one');
        if (!above || before !== false || desk.lots !== 0 || Number.isNaN(desk.bid)) return;
        desk.enter({
          side: 'buy',
          type: 'market',
          slippage: { ticks: 50 },
          exits: { stop: { ticks: Math.ceil(desk.bid * (1 - stopPct / 100)) } },
          because: 'the fast average crossed above the slow one',
        });
      },
      state: () => (above === null ? 'warming up' : above ? 'above' : 'below'),
      lines: () => [{ name: 'fast', ticks: quick.value }, { name: 'slow', ticks: calm.value }],
    };
  },
});
`;

/** The same numbers for the same seed on every machine. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Writes minutes of a price that walks at random, from the first day of 2024 on. Returns the file. */
export function writeWalk(file: string, minutes: number, seed = 1): string {
  const next = numbers(seed);
  const text = (ticks: number): string => (ticks / 100).toFixed(2);
  let open = START_TICKS;
  let rows = 'ts,open,high,low,close,volume\n';
  for (let minute = 0; minute < minutes; minute += 1) {
    // Back towards where it began, so that a million of them stay a price.
    const close = open + Math.round((next() - 0.5) * 4_000 + (START_TICKS - open) * 0.0001);
    const high = Math.max(open, close) + Math.floor(next() * 800);
    const low = Math.min(open, close) - Math.floor(next() * 800);
    rows += `${BEGIN_MS + minute * MINUTE_MS},${text(open)},${text(high)},${text(low)},${text(close)},${1 + Math.floor(next() * 20)}\n`;
    open = close;
    if (minute % CHUNK === CHUNK - 1 || minute === minutes - 1) {
      if (minute < CHUNK) writeFileSync(file, rows);
      else appendFileSync(file, rows);
      rows = '';
    }
  }
  return file;
}

export const walkSymbols = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => (at === 0 ? 'BTC/USDT' : `C${at}/USDT`));

/**
 * The crypto desk with its limits, trading these symbols by that strategy. It pays no fees, which would end it after some
 * hundred trades, and losses in a row don't switch the strategy off. Returns the desk file.
 */
export function writeCrossDesk(folder: string, symbols = walkSymbols(1)): string {
  mkdirSync(join(folder, 'strategies'), { recursive: true });
  writeFileSync(join(folder, 'strategies', 'sma-cross.ts'), SMA_CROSS);
  const desk = parse(readFileSync(resolveDesk('crypto-bot'), 'utf8'));
  const [instrument] = desk.instruments;
  const file = join(folder, 'desk.yaml');
  const changed = {
    ...desk,
    instruments: symbols.map((symbol) => ({ ...instrument, symbol })),
    strategies: [{ name: 'sma-cross', kind: './strategies/sma-cross.ts', symbols }],
    paper: { ...desk.paper, makerFeePpm: 0, takerFeePpm: 0 },
    risk: { ...desk.risk, maxConcurrentPositions: Math.max(3, symbols.length) },
    breakers: { ...desk.breakers, strategyMaxConsecutiveLosses: 100 },
  };
  writeFileSync(file, JSON.stringify(changed, null, 2));
  return file;
}
