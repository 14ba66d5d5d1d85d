/** /chart BTC/USDT 4h: prices, fills, and the levels that matter, as a picture. */
import type { BarStatus } from '../../contracts/trader-status.js';
import { symbolIn } from '../../desk/typed-names.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { counted, grouped, signed } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import type { ChartLevel, ChartShown } from '../../operations/results/read-analytics.js';
import { answer, answerPicture, type ChatCommand } from '../bot-context.js';
import { type Candle, type DrawnLevel, drawChart } from '../chart/draw-chart.js';

interface ChartRange {
  readonly name: string;
  readonly minutes: number;
  /** Minutes of one candle, unless bars are longer. */
  readonly candle: number;
}

/** The trader returns at most 1,000 bars at once. */
const RANGES: readonly ChartRange[] = [
  { name: '1h', minutes: 60, candle: 1 },
  { name: '4h', minutes: 240, candle: 1 },
  { name: '8h', minutes: 480, candle: 3 },
  { name: '16h', minutes: 960, candle: 5 },
];
const USUAL = '4h';

export const chartCommand: ChatCommand = {
  name: 'chart',
  description: 'prices as a picture: /chart BTC/USDT 4h',
  help: '/chart BTC/USDT 4h: prices, what was traded, and the stop, as a picture',
  run: async (context, _person, { place, argument }) => {
    const symbols = context.desk.instruments.map(({ symbol }) => symbol);
    const asked = askedFor(argument, symbols);
    if (asked === null) {
      const expected = `a symbol of this desk (${symbols.join(', ')}) and a range (${RANGES.map(({ name }) => name).join(', ')})`;
      await answer(
        context,
        place,
        `Chart: expected ${expected}, each of which may be left out, found "${argument.slice(0, 50)}". Write it so: /chart ${symbols[0] ?? ''} 4h.`,
      );
      return;
    }
    const { symbol, range } = asked;
    try {
      const shown = await context.operations.readChart({ symbol, minutes: range.minutes });
      if (shown.bars.length === 0) {
        await answer(
          context,
          place,
          `No bar of ${shown.symbol} was finished in the last ${range.name} of the market's time. Ask again in a minute; /status says whether prices come.`,
        );
        return;
      }
      const name = `${shown.symbol.replace('/', '-')}-${range.name}.png`;
      await answerPicture(context, place, {
        png: pictureOf(shown, range),
        name,
        caption: captionOf(shown, range),
      });
    } catch (error) {
      await answer(
        context,
        place,
        `There are no prices to draw: ${messageOf(error)}. Positions and their stops are not touched. /status says more.`,
      );
    }
  },
};

/** Null if a word is neither a symbol nor a range. */
function askedFor(
  argument: string,
  symbols: readonly string[],
): { readonly symbol: string | null; readonly range: ChartRange } | null {
  let symbol: string | null = null;
  let range: ChartRange | undefined = RANGES.find(({ name }) => name === USUAL);
  for (const word of argument.split(/\s+/).filter(Boolean)) {
    const ofDesk = symbols.find((one) => one === symbolIn(word) || one.split('/')[0] === word.toUpperCase());
    if (ofDesk !== undefined) symbol = ofDesk;
    else range = RANGES.find(({ name }) => name === word.toLowerCase());
    if (range === undefined) return null;
  }
  return range === undefined ? null : { symbol, range };
}

const TONES: Readonly<Record<ChartLevel['kind'], DrawnLevel['tone']>> = {
  position: 'soft',
  stop: 'stop',
  entry: 'entry',
  target: 'target',
};

function pictureOf({ symbol, bars, fills, levels, simulated }: ChartShown, range: ChartRange): Buffer {
  const spanMs = candleMs(bars, range);
  return drawChart({
    title: symbol,
    subtitle: `${range.name}, candles of ${spanMs / MINUTE_MS} min${simulated ? ', simulated' : ''}`,
    candles: candlesOf(bars, spanMs),
    spanMs,
    fills: fills?.newest ?? [],
    levels: levels.map(({ kind, name, price }) => ({ name, price: Number(price), tone: TONES[kind] })),
    digits: placesOf(bars),
  });
}

/** Length of one candle: a whole number of bars, as many as the range combines. */
function candleMs(bars: readonly BarStatus[], range: ChartRange): number {
  const barMs = Math.max(MINUTE_MS, ...bars.map(({ spanMs }) => spanMs));
  return Math.ceil((range.candle * MINUTE_MS) / barMs) * barMs;
}

/** Combines bars into candles; a picture's pixels need no exact money. */
function candlesOf(bars: readonly BarStatus[], spanMs: number): readonly Candle[] {
  const candles = new Map<number, Candle>();
  for (const bar of bars) {
    const openMs = Math.floor(bar.openMs / spanMs) * spanMs;
    const [open, high, low, close, volume] = [bar.open, bar.high, bar.low, bar.close, bar.volume ?? 0].map(
      Number,
    ) as [number, number, number, number, number];
    const before = candles.get(openMs);
    candles.set(
      openMs,
      before === undefined
        ? { openMs, open, high, low, close, volume }
        : {
            ...{ openMs, open: before.open, close },
            high: Math.max(before.high, high),
            low: Math.min(before.low, low),
            volume: before.volume + volume,
          },
    );
  }
  return [...candles.values()];
}

const placesOf = (bars: readonly BarStatus[]): number => bars.at(-1)?.close.split('.')[1]?.length ?? 0;

function captionOf({ symbol, bars, fills, levels, label }: ChartShown, { name }: ChartRange): string {
  const [first, last] = [Number(bars[0]?.open), Number(bars.at(-1)?.close)];
  const moved = (last / first - 1) * 100;
  const traded =
    fills === null
      ? 'What was traded is not shown: the ledger does not answer.'
      : `${counted(fills.count, 'fill')} in this time.`;
  return [
    `${symbol}, ${name}: ${grouped(bars.at(-1)?.close ?? '')} (${signed(moved.toFixed(2))} %)`,
    ...levels.map((level) => `${level.name} ${grouped(level.price)}`),
    traded,
    `Prices: ${label}`,
  ].join('\n');
}
