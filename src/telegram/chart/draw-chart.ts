/** Draws prices as a picture: candles with their volume, fills, and the levels that matter. */
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import { priceText } from '../../domain/figure-text.js';
import { Canvas, type Colour, textWidth, write } from './canvas.js';

export interface Candle {
  /** Market milliseconds since 1970. */
  readonly openMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

interface DrawnFill {
  readonly marketMs: number;
  readonly side: 'buy' | 'sell';
}

export interface DrawnLevel {
  readonly name: string;
  readonly price: number;
  readonly tone: 'soft' | 'stop' | 'entry' | 'target';
}

interface ChartToDraw {
  readonly title: string;
  /** The span of one candle, and where the prices are from. */
  readonly subtitle: string;
  /** Oldest first; at least one. */
  readonly candles: readonly Candle[];
  readonly spanMs: number;
  readonly fills: readonly DrawnFill[];
  readonly levels: readonly DrawnLevel[];
  /** Decimal places of a price. */
  readonly digits: number;
}

/** The largest photo that Telegram shows. */
const WIDTH = 1280;
const HEIGHT = 720;
const PLOT = { left: 24, right: 1122, top: 112, bottom: 660 };
/** Part of the plot's height, from its lower edge. */
const VOLUME_PART = 0.14;
const TEXT = 15;
const TITLE = 25;

const GROUND: Colour = [16, 21, 27];
const GRID: Colour = [36, 44, 53];
const INK: Colour = [232, 238, 243];
const SOFT: Colour = [148, 160, 171];
const UP: Colour = [63, 185, 130];
const DOWN: Colour = [240, 98, 96];
const TONES: Readonly<Record<DrawnLevel['tone'], Colour>> = {
  soft: SOFT,
  stop: DOWN,
  entry: [88, 166, 255],
  target: UP,
};

/** Where prices and times are in the picture, in pixels. */
interface Scales {
  readonly low: number;
  readonly high: number;
  readonly y: (price: number) => number;
  readonly x: (marketMs: number) => number;
  /** Pixels for each candle. */
  readonly step: number;
}

/** Returns a PNG. */
export function drawChart(chart: ChartToDraw): Buffer {
  const canvas = new Canvas(WIDTH, HEIGHT, GROUND);
  const scales = scalesOf(chart);
  const tags = tagsOf(chart.levels, scales);
  drawPriceAxis(canvas, chart, scales, tags);
  drawTimeAxis(canvas, chart, scales);
  drawCandles(canvas, chart, scales);
  for (const tag of tags) drawLevel(canvas, chart, tag);
  for (const fill of chart.fills) drawFill(canvas, chart, scales, fill);
  drawHead(canvas, chart);
  return canvas.png();
}

function scalesOf({ candles, spanMs, levels }: ChartToDraw): Scales {
  const lowest = Math.min(...candles.map(({ low }) => low));
  const highest = Math.max(...candles.map(({ high }) => high));
  // Including a distant level would press the candles flat.
  const reach = Math.max(highest - lowest, highest * 0.0005) * 1.5;
  const near = levels
    .map(({ price }) => price)
    .filter((price) => price > lowest - reach && price < highest + reach);
  const [bottom, top] = [Math.min(lowest, ...near), Math.max(highest, ...near)];
  const margin = Math.max(top - bottom, top * 0.0005) * 0.07;
  const [low, high] = [bottom - margin, top + margin];
  const firstMs = candles[0]?.openMs ?? 0;
  const count = ((candles.at(-1)?.openMs ?? firstMs) - firstMs) / spanMs + 1;
  const step = (PLOT.right - PLOT.left) / count;
  const floor = PLOT.bottom - (PLOT.bottom - PLOT.top) * VOLUME_PART;
  return {
    ...{ low, high, step },
    y: (price) => floor - ((price - low) / (high - low)) * (floor - PLOT.top),
    x: (marketMs) => PLOT.left + ((marketMs - firstMs) / spanMs) * step,
  };
}

/** The price of a level, written next to the plot. */
interface Tag {
  readonly level: DrawnLevel;
  /** Height of the level's line, in pixels from the top. */
  readonly line: number;
  /** Height of the tag's own middle; it differs from the line's where levels are close together. */
  readonly middle: number;
}

/** Including the gap below it. */
const TAG_HEIGHT = TEXT + 16;
/** No more tags fit: further levels are drawn neither as lines nor as tags. */
const TAGS_MAX = Math.floor((PLOT.bottom - PLOT.top) / TAG_HEIGHT);

/** Tags of the levels within the picture, moved apart where they would overlap. */
function tagsOf(levels: readonly DrawnLevel[], { low, high, y }: Scales): readonly Tag[] {
  const lines = levels
    .filter(({ price }) => price >= low && price <= high)
    .slice(0, TAGS_MAX)
    .map((level) => ({ level, line: Math.round(y(level.price)) }))
    .sort((a, b) => a.line - b.line);
  const tags: Tag[] = [];
  let free = PLOT.top + TAG_HEIGHT / 2;
  for (const [at, { level, line }] of lines.entries()) {
    // The tags below need room too.
    const last = PLOT.bottom - TAG_HEIGHT * (lines.length - at - 0.5);
    const middle = Math.min(Math.max(line, free), last);
    tags.push({ level, line, middle });
    free = middle + TAG_HEIGHT;
  }
  return tags;
}

function drawPriceAxis(
  canvas: Canvas,
  { digits }: ChartToDraw,
  { low, high, y }: Scales,
  tags: readonly Tag[],
): void {
  const between = roundStep((high - low) / 9);
  for (let price = Math.ceil(low / between) * between; price <= high; price += between) {
    const at = Math.round(y(price));
    canvas.box({ x: PLOT.left, y: at }, { x: PLOT.right, y: at + 1 }, GRID);
    // A level's tag covers the axis label there.
    if (tags.some(({ middle }) => Math.abs(middle - at) < TEXT * 1.8)) continue;
    const place = { x: PLOT.right + 14, y: at - TEXT / 2 };
    write(canvas, place, priceText(price, digits), { height: TEXT, colour: SOFT });
  }
}

/** The smallest of 1, 2 or 5 times a power of ten that is not below `about`. */
function roundStep(about: number): number {
  const power = 10 ** Math.floor(Math.log10(about));
  return ([1, 2, 5].find((factor) => factor * power >= about) ?? 10) * power;
}

const BETWEEN_TIMES = [5, 10, 15, 30, 60, 120, 240, 360].map((minutes) => minutes * MINUTE_MS);
const LABELS_MAX = 9;

function drawTimeAxis(canvas: Canvas, { candles, spanMs }: ChartToDraw, { x }: Scales): void {
  const fromMs = candles[0]?.openMs ?? 0;
  const toMs = (candles.at(-1)?.openMs ?? fromMs) + spanMs;
  const between = BETWEEN_TIMES.find((each) => (toMs - fromMs) / each <= LABELS_MAX) ?? DAY_MS;
  for (let at = Math.ceil(fromMs / between) * between; at < toMs; at += between) {
    const place = Math.round(x(at));
    canvas.box({ x: place, y: PLOT.top }, { x: place + 1, y: PLOT.bottom }, GRID);
    const text = new Date(at).toISOString();
    const label = at % DAY_MS === 0 ? text.slice(5, 10) : text.slice(11, 16);
    const left = place - textWidth(label, TEXT) / 2;
    if (left < 0 || left + textWidth(label, TEXT) > PLOT.right) continue;
    write(canvas, { x: left, y: PLOT.bottom + 18 }, label, { height: TEXT, colour: SOFT });
  }
  write(canvas, { x: PLOT.right + 14, y: PLOT.bottom + 18 }, 'UTC', { height: TEXT, colour: SOFT });
}

function drawCandles(canvas: Canvas, { candles }: ChartToDraw, { x, y, step }: Scales): void {
  const most = Math.max(...candles.map(({ volume }) => volume), Number.MIN_VALUE);
  const room = (PLOT.bottom - PLOT.top) * VOLUME_PART;
  const half = Math.max(0.6, (step * 0.7) / 2);
  for (const { openMs, open, high, low, close, volume } of candles) {
    const colour = close < open ? DOWN : UP;
    const middle = x(openMs) + step / 2;
    const [top, bottom] = [y(Math.max(open, close)), y(Math.min(open, close))];
    const wick = Math.min(half, 0.9);
    canvas.box({ x: middle - wick, y: y(high) }, { x: middle + wick, y: y(low) }, colour);
    // A candle that closed where it opened stays visible.
    canvas.box({ x: middle - half, y: top }, { x: middle + half, y: Math.max(bottom, top + 1.4) }, colour);
    const tall = (volume / most) * room;
    canvas.box(
      { x: middle - half, y: PLOT.bottom - tall },
      { x: middle + half, y: PLOT.bottom },
      colour,
      0.3,
    );
  }
}

const DASH = 9;

function drawLevel(canvas: Canvas, { digits }: ChartToDraw, { level, line, middle }: Tag): void {
  const colour = TONES[level.tone];
  for (let x = PLOT.left; x < PLOT.right; x += DASH * 2)
    canvas.box({ x, y: line - 1 }, { x: Math.min(x + DASH, PLOT.right), y: line + 1 }, colour);
  const text = priceText(level.price, digits);
  const place = { x: PLOT.right + 14, y: middle - TEXT / 2 };
  const end = { x: place.x + textWidth(text, TEXT) + 8, y: place.y + TEXT + 7 };
  canvas.box({ x: place.x - 8, y: place.y - 7 }, end, colour);
  write(canvas, place, text, { height: TEXT, colour: GROUND });
}

const ARROW = 17;

/** Buys below the candle, sells above it. */
function drawFill(canvas: Canvas, { candles, spanMs }: ChartToDraw, scales: Scales, fill: DrawnFill): void {
  const candle = candles.findLast(({ openMs }) => openMs <= fill.marketMs);
  if (candle === undefined || fill.marketMs >= candle.openMs + spanMs) return;
  const x = scales.x(candle.openMs) + scales.step / 2;
  const buys = fill.side === 'buy';
  const y = buys ? scales.y(candle.low) + 6 : scales.y(candle.high) - 6;
  canvas.arrow({ x, y: y + (buys ? -3 : 3) }, buys, ARROW + 7, GROUND);
  canvas.arrow({ x, y }, buys, ARROW, buys ? UP : DOWN);
}

/** Title and newest price; below them the levels by name. */
function drawHead(canvas: Canvas, chart: ChartToDraw): void {
  const { title, subtitle, candles, digits } = chart;
  write(canvas, { x: PLOT.left, y: 26 }, title, { height: TITLE, colour: INK });
  const beside = PLOT.left + textWidth(title, TITLE) + 26;
  write(canvas, { x: beside, y: 26 + TITLE - TEXT }, subtitle, { height: TEXT, colour: SOFT });
  const newest = candles.at(-1);
  if (newest !== undefined) {
    const text = priceText(newest.close, digits);
    const left = WIDTH - PLOT.left - textWidth(text, TITLE);
    const colour = newest.close < newest.open ? DOWN : UP;
    write(canvas, { x: left, y: 26 }, text, { height: TITLE, colour });
  }
  drawLegend(canvas, chart);
}

/** Upper edges of the legend's rows. */
const LEGEND_ROWS = [62, 87];

/** The levels by name, including those too far away to be drawn; those that don't fit are counted. */
function drawLegend(canvas: Canvas, { levels, digits }: ChartToDraw): void {
  const [first = 0, ...below] = LEGEND_ROWS;
  const right = WIDTH - PLOT.left - textWidth(`+${levels.length} more`, TEXT);
  let [x, y] = [PLOT.left, first];
  for (const [at, { name, price, tone }] of levels.entries()) {
    const text = `${name} ${priceText(price, digits)}`;
    const width = 30 + textWidth(text, TEXT) + 34;
    if (x + width > right) {
      const next = below.shift();
      if (next === undefined) {
        write(canvas, { x, y }, `+${levels.length - at} more`, { height: TEXT, colour: SOFT });
        return;
      }
      [x, y] = [PLOT.left, next];
    }
    canvas.box({ x, y: y + 6 }, { x: x + 20, y: y + 9 }, TONES[tone]);
    write(canvas, { x: x + 30, y }, text, { height: TEXT, colour: TONES[tone] });
    x += width;
  }
}
