/** Equity compared with the same money bought and held; below it the drawdown from its peak. */
import type { AutoscaleInfo, BaselineData, IChartApi, LineData, Time } from 'lightweight-charts';
import { grouped, isCoin } from '../format.js';
import type { Library, Palette } from './chart.js';
import { type Timed, withGaps } from './even-times.js';

export interface EquityValue extends Timed {
  readonly equity: number;
  readonly drawdownPct: number;
}

export interface HeldValue extends Timed {
  readonly equity: number;
}

export interface EquityData {
  readonly points: readonly EquityValue[];
  readonly held: readonly HeldValue[];
  /** Seconds between two points. */
  readonly step: number;
}

const DRAWDOWN_PANE = 1;
/** A smaller drawdown than this is drawn flat. */
const DRAWDOWN_SHOWN_PCT = 0.05;
/** Parts of the whole height. */
const SHARES = [0.72, 0.28] as const;

/** Decimal places of equity: amounts in coins are small, and two places would hide gains and losses. */
export const equityPlaces = (currency: string): number => (isCoin(currency) ? 6 : 2);

export function drawEquity(places: number, chart: IChartApi, palette: Palette, library: Library) {
  const money = {
    type: 'custom',
    minMove: 10 ** -places,
    formatter: (value: number) => grouped(value.toFixed(places)),
  } as const;
  const quiet = { lastValueVisible: false, priceLineVisible: false } as const;
  const held = chart.addSeries(library.LineSeries, {
    ...quiet,
    color: palette.info,
    lineWidth: 1,
    lineStyle: library.LineStyle.Dashed,
    crosshairMarkerVisible: false,
    priceFormat: money,
  });
  const equity = chart.addSeries(library.LineSeries, {
    color: palette.go,
    lineWidth: 2,
    priceLineVisible: false,
    priceFormat: money,
  });
  const drawdown = chart.addSeries(
    library.BaselineSeries,
    {
      ...quiet,
      baseValue: { type: 'price', price: 0 },
      lineWidth: 1,
      bottomLineColor: palette.alarm,
      bottomFillColor1: `${palette.alarm}2e`,
      bottomFillColor2: `${palette.alarm}2e`,
      topLineColor: palette.alarm,
      // Otherwise the scale could have no height.
      autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => {
        const { minValue = 0 } = own()?.priceRange ?? {};
        return { priceRange: { minValue: Math.min(minValue, -DRAWDOWN_SHOWN_PCT), maxValue: 0 } };
      },
      priceFormat: {
        type: 'custom',
        minMove: 0.01,
        formatter: (value: number) => `${grouped(value.toFixed(2))} %`,
      },
    },
    DRAWDOWN_PANE,
  );
  drawdown.priceScale().applyOptions({ scaleMargins: { top: 0.15, bottom: 0.1 } });
  for (const [at, pane] of chart.panes().entries()) pane.setStretchFactor(SHARES[at] ?? 1);
  return ({ points, held: heldPoints, step }: EquityData): void => {
    const values = points.map(({ time, equity: value }) => ({ time, value }));
    equity.setData(withGaps(values, step) as LineData<Time>[]);
    held.setData(heldPoints.map(({ time, equity: value }) => ({ time, value })) as LineData<Time>[]);
    drawdown.setData(
      points.map(({ time, drawdownPct }) => ({ time, value: -drawdownPct })) as BaselineData<Time>[],
    );
  };
}
