import { useEffect, useMemo, useState } from 'preact/hooks';
import type { EquityAnswer, EquityPoint, TraderStatus } from '../api/shapes.js';
import { Chart, Ranges, useRange } from '../charts/chart.js';
import { drawEquity, type EquityData, equityPlaces } from '../charts/equity-curve.js';
import { thinned } from '../charts/even-times.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, dayAndMinute, grouped, signed } from '../format.js';
import { Empty, Panel } from './panel.js';

interface EquityPanelProps {
  readonly status: TraderStatus;
  readonly equity: Polled<EquityAnswer>;
  readonly height: number;
}

const POINTS_MAX = 600;
const MINUTE = 60;

export function EquityPanel({ status, equity, height }: EquityPanelProps) {
  const { marketMs } = status.marketData;
  const points = useTail(equity.value?.points ?? NONE, marketMs, status.equity, status.peakEquity);
  const held = equity.value?.buyAndHold ?? NOT_HELD;
  const { data, worstPct } = useMemo(() => curveOf(points, held), [points, held]);
  const chosen = useRange(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const newest = data.points.at(-1);
  const places = equityPlaces(status.currency);
  // The chart is made anew whenever it gets another function.
  const draw = useMemo(() => drawEquity.bind(null, places), [places]);
  const isLoading = equity.value === null && equity.problem === null;
  const fromMemory = equity.value?.source === 'memory';
  return (
    <Panel
      title="Equity"
      area="equity"
      problem={equity.problem}
      aside={
        <span class="soft">
          {fromMemory
            ? 'since the web server started: no database'
            : `${status.currency}, market time ${CLOCK}`}
        </span>
      }
    >
      <div class="chart-head">
        <p class="quote">
          <span class="label">Drawdown now</span> <b>{status.drawdownPct} %</b>{' '}
          <span class="label">at worst</span>{' '}
          <b>{Math.max(worstPct, Number(status.drawdownPct)).toFixed(2)} %</b>
        </p>
        <Ranges {...chosen} covered={newest === undefined ? 0 : newest.time - (data.points[0]?.time ?? 0)} />
      </div>
      {isLoading || newest === undefined || data.points.length < 2 ? (
        <Empty>{isLoading ? 'Loading…' : 'Collecting…'}</Empty>
      ) : (
        <>
          <Pointed data={data} time={pointed ?? newest.time} places={places} />
          <Chart
            // If the history can't be read, the points seen since the page was opened are drawn; the new key shows all of it.
            key={equity.value === null ? 'seen' : 'read'}
            label={`Equity curve, now ${grouped(status.equity)} ${status.currency}`}
            height={height}
            data={data}
            draw={draw}
            range={chosen.range}
            newest={newest.time}
            onPoint={setPointed}
          />
        </>
      )}
    </Panel>
  );
}

interface PointedProps {
  readonly data: EquityData;
  readonly time: number;
  readonly places: number;
}

/** The values at the crosshair, or the current ones. */
function Pointed({ data: { points, held, step }, time, places }: PointedProps) {
  const at = points.findLast((point) => point.time <= time) ?? points[0];
  const holding = held.findLast((point) => point.time <= time);
  const first = held[0];
  return (
    <p class="pointed" data-testid="equity-pointed">
      {at !== undefined && (
        <>
          <span>
            {dayAndMinute(at.time * 1000)} {CLOCK}
          </span>
          <span>
            <span class="label">Equity</span> {grouped(at.equity.toFixed(places))}
          </span>
          <span>
            <span class="label">Drawdown</span> {at.drawdownPct.toFixed(2)} %
          </span>
        </>
      )}
      {holding !== undefined && first !== undefined && (
        <span class="held">
          <span class="label">
            Buy and hold
            {/* The candles that it is worked out from end before the newest equity. */}
            {at !== undefined && at.time - holding.time > step && ` at ${dayAndMinute(holding.time * 1000)}`}
          </span>{' '}
          {signed(((holding.equity / first.equity - 1) * 100).toFixed(2))} %
        </span>
      )}
    </p>
  );
}

/** Each step of the whole span gets one place, so that the newest minutes take no more width than the others. */
function curveOf(
  known: readonly EquityPoint[],
  held: EquityAnswer['buyAndHold'],
): { readonly data: EquityData; readonly worstPct: number } {
  const spanSeconds = ((known.at(-1)?.marketMs ?? 0) - (known[0]?.marketMs ?? 0)) / 1000;
  const step = Math.max(MINUTE, Math.ceil(spanSeconds / POINTS_MAX));
  const points = known.map(({ marketMs, equity, peak }) => {
    const value = Number(equity);
    const drawdownPct = Number(peak) > 0 ? Math.max(0, 1 - value / Number(peak)) * 100 : 0;
    return { time: Math.floor(marketMs / 1000), equity: value, drawdownPct };
  });
  const holding = held.map(({ marketMs, equity }) => ({
    time: Math.floor(marketMs / 1000),
    equity: Number(equity),
  }));
  const worstPct = points.reduce((worst, { drawdownPct }) => Math.max(worst, drawdownPct), 0);
  return { data: { points: thinned(points, step), held: thinned(holding, step), step }, worstPct };
}

const NONE: readonly EquityPoint[] = [];
const NOT_HELD: EquityAnswer['buyAndHold'] = [];

/**
 * The curve as read, extended by what was seen since: one point for each market minute; the newest still
 * moves.
 */
function useTail(
  known: readonly EquityPoint[],
  marketMs: number,
  equity: string,
  peak: string,
): readonly EquityPoint[] {
  const [tail, setTail] = useState<readonly EquityPoint[]>([]);
  useEffect(() => {
    setTail((before) => [
      ...before.filter((point) => minute(point.marketMs) < minute(marketMs)).slice(-TAIL_MAX),
      { marketMs, equity, peak },
    ]);
  }, [marketMs, equity, peak]);
  const last = known.at(-1)?.marketMs ?? 0;
  return useMemo(() => [...known, ...tail.filter((point) => point.marketMs > last)], [known, tail, last]);
}

const TAIL_MAX = 600;
const minute = (ms: number): number => Math.floor(ms / 60_000);
