/** Candles with their volume, fills as arrows, and the levels that matter as lines. */
import type {
  AutoscaleInfo,
  CandlestickData,
  HistogramData,
  IChartApi,
  IPriceLine,
  ISeriesApi,
  SeriesMarker,
  Time,
  UTCTimestamp,
} from 'lightweight-charts';
import { priceText } from '../format.js';
import type { Library, Palette } from './chart.js';
import { changedFrom, type Timed, withGaps } from './even-times.js';

export interface Candle extends Timed {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** 0 if it is not known, as for the current minute. */
  readonly volume: number;
}

export interface TradeMark extends Timed {
  readonly side: 'buy' | 'sell';
  readonly words: string;
  /** The price as text. */
  readonly price: string;
}

export interface Level {
  readonly price: number;
  readonly tone: 'alarm' | 'soft' | 'info' | 'go';
  readonly text: string;
}

/** A line that a strategy follows: a value for each candle from the line's first on. */
export interface StrategyLine {
  readonly name: string;
  readonly points: readonly (Timed & { readonly value: number })[];
}

export interface CandleData {
  readonly candles: readonly Candle[];
  readonly marks: readonly TradeMark[];
  readonly levels: readonly Level[];
  readonly lines: readonly StrategyLine[];
  /** Decimal places of a price. */
  readonly digits: number;
}

/** More words than these would overlap. */
const WORDS_MAX = 24;
const MINUTE = 60;

export function drawCandles(chart: IChartApi, palette: Palette, library: Library) {
  const volume = chart.addSeries(library.HistogramSeries, {
    priceScaleId: '',
    priceFormat: { type: 'volume' },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  let levels: readonly Level[] = [];
  const candles = chart.addSeries(library.CandlestickSeries, {
    ...{
      upColor: palette.go,
      wickUpColor: palette.go,
      downColor: palette.alarm,
      wickDownColor: palette.alarm,
    },
    borderVisible: false,
    priceLineColor: palette.soft,
    autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => withLevels(own(), levels),
  });
  candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
  const drawn: ISeriesApi<'Line'>[] = [];
  const markers = library.createSeriesMarkers(candles, []);
  const lines: IPriceLine[] = [];
  let shown: CandleData | null = null;
  // A price moves the newest candle several times a second: all of them are drawn only if others differ.
  return (data: CandleData): void => {
    const { digits } = data;
    levels = data.levels;
    if (shown?.digits !== digits)
      candles.applyOptions({
        priceFormat: {
          type: 'custom',
          minMove: 10 ** -digits,
          formatter: (price: number) => priceText(price, digits),
        },
      });
    const from = changedFrom(shown?.candles ?? [], data.candles, MINUTE);
    if (from === null) {
      candles.setData(withGaps(data.candles, MINUTE) as CandlestickData<Time>[]);
      volume.setData(data.candles.map((candle) => volumeOf(candle, palette)));
    }
    for (const candle of from === null ? [] : data.candles.slice(from)) {
      candles.update({ ...candle, time: candle.time as UTCTimestamp });
      volume.update(volumeOf(candle, palette));
    }
    if (shown?.lines !== data.lines) showLines(chart, drawn, data, palette, library);
    if (shown?.marks !== data.marks) {
      const arrows = oneEach(data.marks);
      markers.setMarkers(arrows.map((mark) => arrow(mark, palette, arrows.length <= WORDS_MAX)));
    }
    if (shown?.levels !== levels) showLevels(candles, lines, levels, palette, library);
    shown = data;
  };
}

/** Tones of the lines, in order; they repeat if a strategy has more lines. */
const LINE_TONES = ['info', 'caution'] as const;

function showLines(
  chart: IChartApi,
  drawn: ISeriesApi<'Line'>[],
  { lines }: CandleData,
  palette: Palette,
  { LineSeries }: Library,
): void {
  for (const series of drawn.splice(lines.length)) chart.removeSeries(series);
  for (const [at, { points }] of lines.entries()) {
    const color = palette[toneOfLine(at)];
    drawn[at] ??= chart.addSeries(LineSeries, {
      ...{ color, lineWidth: 1 },
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
    });
    drawn[at].setData(points.map(({ time, value }) => ({ time: time as UTCTimestamp, value })));
  }
}

export const toneOfLine = (at: number) => LINE_TONES[at % LINE_TONES.length] ?? 'info';

function volumeOf({ time, open, close, volume }: Candle, palette: Palette): HistogramData<Time> {
  return {
    time: time as UTCTimestamp,
    value: volume,
    color: `${close < open ? palette.alarm : palette.go}4d`,
  };
}

/** One arrow for all buys of a candle, one for all its sells. */
function oneEach(marks: readonly TradeMark[]): readonly TradeMark[] {
  return [...new Map(marks.map((mark) => [`${mark.time} ${mark.side}`, mark])).values()];
}

function arrow({ time, side, words }: TradeMark, palette: Palette, worded: boolean): SeriesMarker<Time> {
  const buys = side === 'buy';
  return {
    time: time as UTCTimestamp,
    position: buys ? 'belowBar' : 'aboveBar',
    shape: buys ? 'arrowUp' : 'arrowDown',
    color: buys ? palette.go : palette.alarm,
    ...(worded ? { text: words } : {}),
  };
}

function showLevels(
  series: ISeriesApi<'Candlestick'>,
  lines: IPriceLine[],
  levels: readonly Level[],
  palette: Palette,
  { LineStyle }: Library,
): void {
  for (const line of lines.splice(0)) series.removePriceLine(line);
  for (const { price, tone } of levels)
    lines.push(
      series.createPriceLine({
        price,
        color: palette[tone],
        lineWidth: 1,
        lineStyle: LineStyle.Dashed,
        axisLabelVisible: true,
        axisLabelTextColor: palette.panel,
        // A title would cover the newest candles; the words are above the chart.
        title: '',
      }),
    );
}

/** Extends the scale to levels that are near enough to matter. */
function withLevels(own: AutoscaleInfo | null, levels: readonly Level[]): AutoscaleInfo | null {
  if (own === null || own.priceRange === null) return own;
  const { minValue, maxValue } = own.priceRange;
  const span = Math.max(maxValue - minValue, maxValue * 0.0005);
  const near = levels
    .map(({ price }) => price)
    .filter((price) => price > minValue - span * 1.5 && price < maxValue + span * 1.5);
  return {
    ...own,
    priceRange: { minValue: Math.min(minValue, ...near), maxValue: Math.max(maxValue, ...near) },
  };
}
