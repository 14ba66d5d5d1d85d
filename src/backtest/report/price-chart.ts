/** Prices of one instrument with the trades in it, as inline SVG. */
import { exitReasonWords } from '../../domain/exit-reason.js';
import type { BacktestReport, ReportedTrade } from './build-report.js';
import { escapeHtml, type Frame, frameOf, gridSvg, HEIGHT, WIDTH } from './chart.js';

/** More could not be told apart; the table and the CSV have the rest. */
const TRADES_DRAWN_MAX = 400;

type Prices = BacktestReport['candles'][number];
type Line = Prices['lines'][number];

/** Empty if there is nothing to draw. */
export function priceChart(
  { symbol, tickSize, candles, lines }: Prices,
  trades: readonly ReportedTrade[],
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
  const title = `${symbol}: from each entry to its exit, green with a profit`;
  const chart = { title, unit: '', points, marks: [], bound: null, filled: false };
  const frame = frameOf(chart, first.startMs, last.startMs);
  const drawn = trades.filter((trade) => trade.symbol === symbol).slice(0, TRADES_DRAWN_MAX);
  return [
    `<figure><figcaption>${escapeHtml(title)}${lines.map(legend).join('')}</figcaption>`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">`,
    gridSvg(frame, ''),
    candlesSvg(candles, scale, frame),
    ...lines.map((line, at) => lineSvg(line, at, candles, scale, frame)),
    ...drawn.map((trade) => tradeSvg(trade, frame)),
    '</svg></figure>',
  ].join('\n');
}

/** One path for all candles that rose, one for all that fell. */
function candlesSvg(candles: Prices['candles'], scale: number, { x, y }: Frame): string {
  const at = (ticks: number): string => y(ticks * scale).toFixed(1);
  const half = Math.max(0.3, Math.min(3, (WIDTH / candles.length) * 0.3));
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

/** Interrupted where the value is not known. */
function lineSvg(
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

function tradeSvg(trade: ReportedTrade, { x, y }: Frame): string {
  const { opened, closed, entryPrice, exitPrice, result, side, quantity, why } = trade;
  if (entryPrice === '' || exitPrice === null) return '';
  const [left, right] = [x(Date.parse(opened)), x(Date.parse(closed))].map((at) => at.toFixed(1));
  const [from, to] = [entryPrice, exitPrice].map((price) => y(Number(price)).toFixed(1));
  const kind = Number(result) > 0 ? 'win' : 'loss';
  const said = `${side} ${quantity}, ${entryPrice} to ${exitPrice}: ${result}, ${exitReasonWords(why)}`;
  return (
    `<g class="${kind}"><title>${escapeHtml(said)}</title>` +
    `<line class="trade" x1="${left}" y1="${from}" x2="${right}" y2="${to}"/>` +
    `<circle cx="${left}" cy="${from}" r="2.5"/><circle class="exit" cx="${right}" cy="${to}" r="2.5"/></g>`
  );
}
