/** A curve as inline SVG, and the frame of any chart: no script, no font, nothing external. */
import { grouped } from '../../domain/figure-text.js';
import { shortMoment } from '../../domain/moment.js';

export interface ChartPoint {
  readonly atMs: number;
  readonly value: number;
}

interface ChartMark {
  readonly atMs: number;
  readonly good: boolean;
  readonly title: string;
}

export interface Chart {
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

export interface Frame {
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

/** Drawn at each width. `caption`: HTML. */
export function figure(
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

export function gridSvg({ width, left, labels, fromMs, toMs, x, y }: Frame): string {
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
