import { useEffect, useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { EquityAnswer, EquityPoint, TraderStatus } from '../api/shapes.js';
import { Chart, type Palette } from '../charts/chart.js';
import type { Polled } from '../connection/use-polled.js';
import { Empty, Panel } from './panel.js';

interface EquityPanelProps {
  readonly status: TraderStatus;
  readonly equity: Polled<EquityAnswer>;
  readonly height: number;
}

export function EquityPanel({ status, equity, height }: EquityPanelProps) {
  const known = equity.value?.points ?? NONE;
  const { marketMs } = status.marketData;
  const points = useTail(known, marketMs, status.equity);
  const { data, worstPct } = useMemo(() => curveOf(points), [points]);
  const fromMemory = equity.value?.source === 'memory';
  return (
    <Panel
      title="Equity"
      area="equity"
      problem={equity.problem}
      aside={
        <span class="soft">
          {fromMemory ? 'since the web server started: no database' : `${status.currency}, market time UTC`}
        </span>
      }
    >
      <p class="quote">
        <span class="label">Drawdown now</span> <b>{status.drawdownPct}%</b>{' '}
        <span class="label">at worst</span>{' '}
        <b>{Math.max(worstPct, Number(status.drawdownPct)).toFixed(2)}%</b>
      </p>
      {data[0].length < 2 ? (
        <Empty>Collecting…</Empty>
      ) : (
        <Chart
          label={`Equity curve, now ${status.equity} ${status.currency}`}
          height={height}
          data={data}
          options={drawing}
        />
      )}
    </Panel>
  );
}

/** Equity under the highest value before it; what lies between them is the drawdown. */
const drawing = ({ soft, alarm, go }: Palette) => ({
  series: [
    {},
    { stroke: soft, width: 1, dash: [3, 3], points: { show: false } },
    { stroke: go, width: 1.5, points: { show: false } },
  ],
  bands: [{ series: [1, 2] as [number, number], fill: `${alarm}2e` }],
});

function curveOf(points: readonly EquityPoint[]): { data: uPlot.AlignedData; worstPct: number } {
  const equity = points.map((point) => Number(point.equity));
  let peak = 0;
  let worstPct = 0;
  const peaks = equity.map((value) => {
    peak = Math.max(peak, value);
    worstPct = Math.max(worstPct, (1 - value / peak) * 100);
    return peak;
  });
  return { data: [points.map((point) => point.marketMs / 1000), peaks, equity], worstPct };
}

const NONE: readonly EquityPoint[] = [];

/** The curve as read, grown by what was seen since: a point for each market minute, the newest one still moving. */
function useTail(known: readonly EquityPoint[], marketMs: number, equity: string): readonly EquityPoint[] {
  const [tail, setTail] = useState<readonly EquityPoint[]>([]);
  useEffect(() => {
    setTail((before) => [
      ...before.filter((point) => minute(point.marketMs) < minute(marketMs)).slice(-TAIL_MAX),
      { marketMs, equity },
    ]);
  }, [marketMs, equity]);
  const last = known.at(-1)?.marketMs ?? 0;
  return useMemo(() => [...known, ...tail.filter((point) => point.marketMs > last)], [known, tail, last]);
}

const TAIL_MAX = 600;
const minute = (ms: number): number => Math.floor(ms / 60_000);
