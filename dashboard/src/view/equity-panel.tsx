import { useCallback, useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TraderStatus } from '../../../src/trader/protocol.js';
import { Chart, type Palette } from '../charts/chart.js';
import type { EquityAnswer, EquityPoint } from '../connection/desk-api.js';
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
  const data = useMemo((): uPlot.AlignedData => {
    const points = withNewest(known, { marketMs, equity: status.equity });
    return [points.map((point) => point.marketMs / 1000), points.map((point) => Number(point.equity))];
  }, [known, marketMs, status.equity]);
  const options = useCallback(
    (palette: Palette) => ({ series: [{}, { stroke: palette.go, width: 1.5, points: { show: false } }] }),
    [],
  );
  const fromMemory = equity.value?.source === 'memory';
  return (
    <Panel
      title="Equity"
      area="equity"
      problem={equity.problem}
      aside={
        <span class="soft">{fromMemory ? 'since the web server started: no database' : status.currency}</span>
      }
    >
      {data[0].length < 2 ? (
        <Empty>Collecting…</Empty>
      ) : (
        <Chart
          label={`Equity curve, now ${status.equity} ${status.currency}`}
          height={height}
          data={data}
          options={options}
        />
      )}
    </Panel>
  );
}

const NONE: readonly EquityPoint[] = [];

function withNewest(points: readonly EquityPoint[], newest: EquityPoint): readonly EquityPoint[] {
  const last = points.at(-1);
  return last === undefined || newest.marketMs > last.marketMs ? [...points, newest] : points;
}
