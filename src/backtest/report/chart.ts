/** A curve, or an instrument's prices with trades, as inline SVG: no script, no font, nothing external. */
import { parseSplit } from '../../domain/corporate-action.js';
import { placesOfStep } from '../../domain/decimal.js';
import { exitReasonWords } from '../../domain/exit-reason.js';
import { grouped } from '../../domain/figure-text.js';
import { shortMoment } from '../../domain/moment.js';
import type { ReportedTrade } from '../measure/trades-seen.js';
import type { BacktestReport } from './build-report.js';

export interface ChartPoint {
  readonly atMs: number;
  readonly value: number;
}

interface ChartMark {
  readonly atMs: number;
  readonly good: boolean;
  readonly title: string;
}

interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly ChartPoint[];
  /** Another curve to compare with, over the same time. */
  readonly beside?: readonly ChartPoint[];
  readonly marks: readonly ChartMark[];
  /** Drawn as a dashed line. Null: none. */
  readonly bound: { readonly value: number; readonly label: string } | null;
  /** Whether the area between curve and 0 is filled. */
  readonly filled: boolean;
  /** Most decimal places of a label. Left out: as many as the distance of the grid lines needs. */
  readonly placesMax?: number;
}

/** For a screen and for a phone: a wide chart can't be read when shrunk. The page shows one of the two. */
const WIDTHS = { wide: 960, narrow: 400 } as const;
const HEIGHT = 260;
/** Room for the labels at the left: more than this only if one of them needs it. */
const LEFT_MIN = 76;
const LABEL_GAP = 8;
/** As wide as a digit is in the widest of the systems’ fonts. */
const DIGIT_WIDTH = 7;
const RIGHT = 16;
const TOP = 16;
const BOTTOM = 34;
const GRID_LINES = 4;
/** Width of a moment written below the chart, with some room around it. */
const MOMENT_WIDTH = 120;

interface Frame {
  readonly width: number;
  readonly left: number;
  /** From the lowest grid line up. */
  readonly labels: readonly { readonly value: number; readonly text: string }[];
  readonly x: (atMs: number) => number;
  readonly y: (value: number) => number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Empty if there is nothing to draw. */
export function chartSvg(chart: Chart): string {
  const first = chart.points[0];
  const last = chart.points.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return '';
  return figure(chart, escapeHtml(chart.title), first.atMs, last.atMs, (frame) => [
    gridSvg(frame),
    boundSvg(chart, frame),
    ...(chart.beside === undefined ? [] : [lineSvg('beside', chart.beside, frame)]),
    curveSvg(chart, frame),
    ...chart.marks.map((mark) => markSvg(mark, chart.points, frame)),
  ]);
}

function figure(
  chart: Chart,
  caption: string,
  fromMs: number,
  toMs: number,
  drawn: (frame: Frame) => readonly string[],
): string {
  const drawings = Object.entries(WIDTHS).flatMap(([name, width]) => [
    `<svg class="${name}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">`,
    ...drawn(frameOf(chart, width, fromMs, toMs)),
    '</svg>',
  ]);
  return [`<figure><figcaption>${caption}</figcaption>`, ...drawings, '</figure>'].join('\n');
}

function frameOf(chart: Chart, width: number, fromMs: number, toMs: number): Frame {
  const { low, high } = boundsOf(chart);
  const labels = labelsOf(chart, low, high);
  const longest = Math.max(...labels.map(({ text }) => text.length));
  const left = Math.max(LEFT_MIN, LABEL_GAP + Math.ceil(longest * DIGIT_WIDTH));
  return {
    ...{ width, left, labels, fromMs, toMs },
    x: (atMs) => left + ((atMs - fromMs) / (toMs - fromMs)) * (width - left - RIGHT),
    y: (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM),
  };
}

function boundsOf({ points, beside = [], bound, filled }: Chart): { low: number; high: number } {
  const values = [...points, ...beside].map(({ value }) => value);
  if (bound !== null) values.push(bound.value);
  if (filled) values.push(0);
  const lowest = values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const highest = values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  // A run without any drawdown: its curve lies at the top.
  if (filled && lowest === 0 && highest === 0) return { low: -1, high: 0 };
  const margin = (highest - lowest || Math.abs(highest) * 0.01 || 1) * 0.05;
  // No margin at 0 for a filled curve: a drawdown can't be above 0.
  return {
    low: filled && lowest === 0 ? 0 : lowest - margin,
    high: filled && highest === 0 ? 0 : highest + margin,
  };
}

/** With one place more than tells two neighbours apart. */
function labelsOf({ unit, placesMax = 20 }: Chart, low: number, high: number): Frame['labels'] {
  const needed = 1 - Math.floor(Math.log10((high - low) / GRID_LINES));
  const places = Math.min(placesMax, Math.max(0, needed));
  return partsOf(GRID_LINES).map((part) => {
    const value = low + part * (high - low);
    return { value, text: `${grouped(value.toFixed(places))}${unit}` };
  });
}

function gridSvg({ width, left, labels, fromMs, toMs, x, y }: Frame): string {
  const moments = Math.min(GRID_LINES, Math.floor((width - left - RIGHT) / MOMENT_WIDTH));
  const rows = labels.map(({ value, text }) => {
    const at = y(value).toFixed(1);
    return `<line class="grid" x1="${left}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/><text x="${left - LABEL_GAP}" y="${at}" dy="4" text-anchor="end">${text}</text>`;
  });
  const columns = partsOf(moments).map((part) => {
    const atMs = fromMs + part * (toMs - fromMs);
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
    return `<text x="${x(atMs).toFixed(1)}" y="${HEIGHT - 10}" text-anchor="${anchor}">${shortMoment(atMs)}</text>`;
  });
  return [...rows, ...columns].join('');
}

const partsOf = (count: number): readonly number[] =>
  Array.from({ length: count + 1 }, (_, index) => index / count);

function boundSvg({ bound }: Chart, { width, left, y }: Frame): string {
  if (bound === null) return '';
  const at = y(bound.value).toFixed(1);
  return `<line class="bound" x1="${left}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/><text x="${width - RIGHT}" y="${at}" dy="-4" text-anchor="end">${escapeHtml(bound.label)}</text>`;
}

const cornersOf = (points: readonly ChartPoint[], { x, y }: Frame): string[] =>
  points.map(({ atMs, value }) => `${x(atMs).toFixed(1)},${y(value).toFixed(1)}`);

const lineSvg = (kind: string, points: readonly ChartPoint[], frame: Frame): string =>
  `<polyline class="${kind}" points="${cornersOf(points, frame).join(' ')}"/>`;

function curveSvg({ points, filled }: Chart, frame: Frame): string {
  if (!filled) return lineSvg('curve', points, frame);
  const { x, y } = frame;
  const corners = cornersOf(points, frame);
  const base = y(0).toFixed(1);
  const ends = [x(points.at(-1)!.atMs), x(points[0]!.atMs)].map((at) => `${at.toFixed(1)},${base}`);
  return `<polygon class="area" points="${[...corners, ...ends].join(' ')}"/>`;
}

/** On the curve, at the height of the last point at or before the mark. */
function markSvg(mark: ChartMark, points: readonly ChartPoint[], { x, y }: Frame): string {
  const at = points.findLast(({ atMs }) => atMs <= mark.atMs) ?? points[0]!;
  const kind = mark.good ? 'win' : 'loss';
  return `<circle class="${kind}" cx="${x(mark.atMs).toFixed(1)}" cy="${y(at.value).toFixed(1)}" r="3"><title>${escapeHtml(mark.title)}</title></circle>`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** More trades could not be told apart. */
const TRADES_DRAWN_MAX = 400;

type Prices = BacktestReport['candles'][number];
type Line = Prices['lines'][number];
type Actions = NonNullable<BacktestReport['actions']>;

/** Prices of one instrument with its trades, as inline SVG. Empty if there is nothing to draw. */
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
  const chart = {
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
