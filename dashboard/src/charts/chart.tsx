/** A chart of lightweight-charts that follows its container's size and the page's colours, and the buttons for its range. */
import type { ChartOptions, DeepPartial, IChartApi, Time, UTCTimestamp } from 'lightweight-charts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { day, dayAndMinute, minuteOfDay } from '../format.js';

export type Library = typeof import('./library.js');

export interface Palette {
  readonly ink: string;
  readonly panel: string;
  readonly soft: string;
  readonly line: string;
  readonly go: string;
  readonly alarm: string;
  readonly info: string;
  readonly caution: string;
}

/** The visible time span up to the newest point; each press of a button sets it again. */
export interface Range {
  /** Null for everything. */
  readonly seconds: number | null;
  readonly asked: number;
}

export interface ChartProps<Data> {
  readonly label: string;
  readonly height: number;
  readonly data: Data;
  /**
   * Adds the series to an empty chart and returns the function that shows data in them; called again when the colours
   * change.
   */
  readonly draw: (chart: IChartApi, palette: Palette, library: Library) => (data: Data) => void;
  readonly range: Range;
  /** Newest time in the data, in seconds since 1970. */
  readonly newest: number;
  /** The time under the crosshair, in seconds since 1970; null if it is not over the chart. */
  readonly onPoint: (seconds: number | null) => void;
}

export function Chart<Data>({ label, height, data, draw, range, newest, onPoint }: ChartProps<Data>) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<IChartApi | null>(null);
  const show = useRef<(data: Data) => void>(() => undefined);
  const library = useLibrary();
  const latest = useRef({ data, range, newest, onPoint });
  latest.current = { data, range, newest, onPoint };
  useEffect(() => {
    const element = box.current;
    if (element === null || library === null) return;
    const make = (): void => {
      chart.current?.remove();
      const colours = palette();
      const made = library.createChart(element, look(colours));
      chart.current = made;
      show.current = draw(made, colours, library);
      show.current(latest.current.data);
      showRange(made, latest.current.range, latest.current.newest);
      made.subscribeCrosshairMove(({ time }) =>
        latest.current.onPoint(typeof time === 'number' ? time : null),
      );
    };
    make();
    const colours = matchMedia('(prefers-color-scheme: dark)');
    colours.addEventListener('change', make);
    return () => {
      colours.removeEventListener('change', make);
      chart.current?.remove();
      chart.current = null;
      show.current = () => undefined;
    };
  }, [library, draw]);
  useEffect(() => show.current(data), [data]);
  useEffect(() => {
    if (chart.current !== null) showRange(chart.current, range, latest.current.newest);
  }, [range]);
  return <div ref={box} class="chart" style={{ height: `${height}px` }} role="img" aria-label={label} />;
}

function useLibrary(): Library | null {
  const [library, setLibrary] = useState<Library | null>(null);
  useEffect(() => void import('./library.js').then(setLibrary), []);
  return library;
}

function showRange(chart: IChartApi, { seconds }: Range, newest: number): void {
  const scale = chart.timeScale();
  if (seconds === null) scale.fitContent();
  else scale.setVisibleRange({ from: (newest - seconds) as UTCTimestamp, to: newest as UTCTimestamp });
}

function look({ soft, line }: Palette): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { color: 'transparent' },
      textColor: soft,
      fontSize: 11,
      fontFamily: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace',
      panes: { separatorColor: line, separatorHoverColor: line, enableResize: false },
      // The page's own policy refuses the logo's style element: the link is below the chart.
      attributionLogo: false,
    },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    rightPriceScale: { borderVisible: false },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: false,
      rightOffset: 2,
      minBarSpacing: 0.1,
      tickMarkFormatter: (time: Time, type: number) => tick(Number(time) * 1000, type),
    },
    crosshair: {
      vertLine: { color: soft, labelBackgroundColor: soft },
      horzLine: { color: soft, labelBackgroundColor: soft },
    },
    localization: { timeFormatter: (time: Time) => dayAndMinute(Number(time) * 1000) },
    // Moving a finger up and down scrolls the page, not the prices.
    handleScroll: { vertTouchDrag: false },
  };
}

/** Tick types up to this one are years, months and days. */
const DAY_TICK = 2;

/** The chart marks days where they begin in UTC; in another time zone that is some hour of a day. */
function tick(ms: number, type: number): string {
  const minute = minuteOfDay(ms);
  if (type > DAY_TICK) return minute;
  return minute === '00:00' ? day(ms).slice(5) : dayAndMinute(ms);
}

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read('ink'),
    panel: read('panel'),
    soft: read('soft'),
    line: read('line'),
    go: read('go'),
    alarm: read('alarm'),
    info: read('info'),
    caution: read('caution'),
  };
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const RANGES = [
  ['1h', HOUR],
  ['4h', 4 * HOUR],
  ['1d', DAY],
  ['1w', 7 * DAY],
  ['1m', 30 * DAY],
  ['All', null],
] as const;

export interface ChosenRange {
  readonly range: Range;
  readonly choose: (seconds: number | null) => void;
}

export function useRange(first: number | null): ChosenRange {
  const [range, setRange] = useState<Range>({ seconds: first, asked: 0 });
  const choose = (seconds: number | null): void => setRange(({ asked }) => ({ seconds, asked: asked + 1 }));
  return { range, choose };
}

/** Buttons for every range shorter than the available data, and for all of it. */
export function Ranges({ range, choose, covered }: ChosenRange & { readonly covered: number }) {
  return (
    <fieldset class="tabs" aria-label="Range">
      {RANGES.filter(([, seconds]) => seconds === null || seconds < covered).map(([name, seconds]) => (
        <button
          key={name}
          type="button"
          class="tab"
          aria-pressed={
            range.seconds === seconds ||
            (seconds === null && range.seconds !== null && range.seconds >= covered)
          }
          onClick={() => choose(seconds)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}
