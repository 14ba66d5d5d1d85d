/** uPlot in a box that follows its container's width and the colours of the page. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { grouped } from '../format.js';

export interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly go: string;
  readonly alarm: string;
  readonly info: string;
  readonly caution: string;
}

export interface ChartProps {
  readonly label: string;
  readonly height: number;
  readonly data: uPlot.AlignedData;
  /** Series and drawing for a palette; called again when the colours change. */
  readonly options: (palette: Palette) => Pick<uPlot.Options, 'series'> & Partial<uPlot.Options>;
}

export function Chart({ label, height, data, options }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(
        complete(options(palette()), element.clientWidth, height),
        latest.current,
        element,
      );
    };
    make();
    const colours = matchMedia('(prefers-color-scheme: dark)');
    colours.addEventListener('change', make);
    const size = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    size.observe(element);
    return () => {
      colours.removeEventListener('change', make);
      size.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [options, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

function complete(
  chosen: Pick<uPlot.Options, 'series'> & Partial<uPlot.Options>,
  width: number,
  height: number,
): uPlot.Options {
  const { ink: _, soft, line } = palette();
  const axis: uPlot.Axis = {
    stroke: soft,
    font: '11px ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [10, 8, 0, LABEL_ROOM_PX],
    legend: { show: false },
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    axes: [
      { ...axis, size: 26, values: (_plot, splits) => splits.map(timeLabel) },
      { ...axis, side: 1, size: 66, values: (_plot, splits) => splits.map(priceLabel) },
    ],
    ...chosen,
  };
}

/** Half of a time's width: it is centred on its line, which may be at the very edge. */
const LABEL_ROOM_PX = 18;

const priceLabel = (value: number): string => grouped(String(value));

function timeLabel(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  if (seconds % 86_400 === 0) return text.slice(5, 10);
  return seconds % 60 === 0 ? text.slice(11, 16) : text.slice(11, 19);
}

function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read('ink'),
    soft: read('soft'),
    line: read('line'),
    go: read('go'),
    alarm: read('alarm'),
    info: read('info'),
    caution: read('caution'),
  };
}
