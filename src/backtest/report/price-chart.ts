/** Prices of one instrument with its trades, as inline SVG. */
import { parseSplit } from '../../domain/corporate-action.js';
import { placesOfStep } from '../../domain/decimal.js';
import { exitReasonWords } from '../../domain/exits.js';
import { grouped } from '../../domain/figure-text.js';
import type { ReportedTrade } from '../measure/trades-seen.js';
import type { BacktestReport } from './build-report.js';
import { type Chart, escapeHtml, type Frame, figure, gridSvg } from './chart.js';

/** More trades could not be told apart. */
const TRADES_DRAWN_MAX = 400;

type Prices = BacktestReport['candles'][number];
type Line = Prices['lines'][number];
type Actions = NonNullable<BacktestReport['actions']>;

/** Empty if there is nothing to draw. */
export function priceChart(
  { symbol, tickSize, candles, lines }: Prices,
  trades: readonly ReportedTrade[],
  /** How many trades there were, retained or not. */
  count: number,
  actions: Actions = [],
): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined || last.startMs <= first.startMs) return '';
  const scale = Number(tickSize);
  const points = candles.flatMap(({ startMs, lowTicks, highTicks }, at) =>
    [lowTicks, highTicks, ...lines.flatMap(({ ticks }) => ticks[at] ?? [])].map((ticks) => ({
      atMs: startMs,
      value: ticks * scale,
    })),
  );
  const drawn = trades.filter((trade) => trade.symbol === symbol).slice(0, TRADES_DRAWN_MAX);
  const some = drawn.length < count ? ` (the first ${drawn.length} of ${grouped(String(count))} trades)` : '';
  const title = `${symbol}: from each entry to its exit, green with a profit${some}`;
  const chart: Chart = {
    title,
    unit: '',
    points,
    marks: [],
    bound: null,
    filled: false,
    placesMax: placesOfStep(tickSize),
  };
  const caption = `${escapeHtml(title)}${lines.map(legend).join('')}`;
  return figure(chart, caption, first.startMs, last.startMs, (frame) => [
    gridSvg(frame),
    candlesSvg(candles, scale, frame),
    ...lines.map((line, at) => valuesSvg(line, at, candles, scale, frame)),
    ...drawn.map((trade) => tradeSvg(trade, splitsOver(trade, actions), frame)),
  ]);
}

/** One path for all candles that rose, one for all that fell. */
function candlesSvg(candles: Prices['candles'], scale: number, { width, x, y }: Frame): string {
  const at = (ticks: number): string => y(ticks * scale).toFixed(1);
  const half = Math.max(0.3, Math.min(3, (width / candles.length) * 0.3));
  const paths = { rose: '', fell: '' };
  for (const { startMs, openTicks, highTicks, lowTicks, closeTicks } of candles) {
    const middle = x(startMs);
    const [left, right] = [(middle - half).toFixed(1), (middle + half).toFixed(1)];
    const wick = `M${middle.toFixed(1)} ${at(highTicks)}V${at(lowTicks)}`;
    const body = `M${left} ${at(openTicks)}H${right}V${at(closeTicks)}H${left}Z`;
    paths[closeTicks >= openTicks ? 'rose' : 'fell'] += wick + body;
  }
  return `<path class="rose" d="${paths.rose}"/><path class="fell" d="${paths.fell}"/>`;
}

/** Number of line tones; further lines start again with the first. */
const TONES = 4;

const legend = ({ strategy, name }: Line, at: number): string =>
  `; <span class="tone-${at % TONES}">${escapeHtml(`${strategy}: ${name}`)}</span>`;

/** Interrupted where a value is not known. */
function valuesSvg(
  { strategy, name, ticks }: Line,
  at: number,
  candles: Prices['candles'],
  scale: number,
  { x, y }: Frame,
): string {
  let path = '';
  for (const [index, { startMs }] of candles.entries()) {
    const value = ticks[index] ?? null;
    if (value === null) continue;
    const goesOn = index > 0 && (ticks[index - 1] ?? null) !== null;
    path += `${goesOn ? 'L' : 'M'}${x(startMs).toFixed(1)} ${y(value * scale).toFixed(1)}`;
  }
  const title = escapeHtml(`${strategy}: ${name}`);
  return `<path class="drawn tone-${at % TONES}" d="${path}"><title>${title}</title></path>`;
}

/** New shares for each one that the trade was opened with. */
function splitsOver({ symbol, opened, closed }: ReportedTrade, actions: Actions): number {
  const [fromMs, toMs] = [Date.parse(opened), Date.parse(closed)];
  return actions
    .filter((one) => one.kind === 'split' && one.symbol === symbol)
    .filter(({ at }) => Date.parse(at) > fromMs && Date.parse(at) <= toMs)
    .map(({ value }) => parseSplit(value) ?? { numerator: 1, denominator: 1 })
    .reduce((shares, { numerator, denominator }) => (shares * numerator) / denominator, 1);
}

/** `shares`: a trade is told in the shares of its end, and drawn at the prices of each time. */
function tradeSvg(trade: ReportedTrade, shares: number, { x, y }: Frame): string {
  const { opened, closed, entryPrice, exitPrice, result, side, quantity, why } = trade;
  if (entryPrice === '' || exitPrice === null) return '';
  const entered = Number(entryPrice) * shares;
  const [left, right] = [x(Date.parse(opened)), x(Date.parse(closed))].map((at) => at.toFixed(1));
  const [from, to] = [entered, Number(exitPrice)].map((price) => y(price).toFixed(1));
  const kind = Number(result) > 0 ? 'win' : 'loss';
  const [, places = ''] = entryPrice.split('.');
  const before = shares === 1 ? '' : ` (${entered.toFixed(places.length)} before the split)`;
  const said = `${side} ${quantity}, ${entryPrice}${before} to ${exitPrice}: ${result}, ${exitReasonWords(why)}`;
  return (
    `<g class="${kind}"><title>${escapeHtml(said)}</title>` +
    `<line class="trade" x1="${left}" y1="${from}" x2="${right}" y2="${to}"/>` +
    `<circle cx="${left}" cy="${from}" r="2.5"/><circle class="exit" cx="${right}" cy="${to}" r="2.5"/></g>`
  );
}
