/** Profit and loss of each of the last days, as bars. */
import type { Results } from '../api/shapes.js';
import { placed, signed, trimmed, utcDay } from '../format.js';

const DAY_MS = 86_400_000;
const HEIGHT = 120;
const SLOT = 20;
const BAR = 14;
/** Minimum height of a bar, so that a day with a closed trade is visible, however small the result. */
const LEAST = 1.5;

interface ProfitChartProps {
  readonly results: Results;
  /** The number of days, including today. */
  readonly days: number;
}

export function ProfitChart({ results: { periods, toDate, currency }, days }: ProfitChartProps) {
  const netOf = new Map(periods.map(({ date, net }) => [date, net]));
  const last = Date.parse(toDate);
  const bars = Array.from({ length: days }, (_, at) => {
    const date = utcDay(last - (days - 1 - at) * DAY_MS);
    return { date, net: netOf.get(date) ?? null };
  });
  const nets = bars.map(({ net }) => Number(net ?? 0));
  const [top, bottom] = [Math.max(0, ...nets), Math.min(0, ...nets)];
  const scale = top === bottom ? 0 : HEIGHT / (top - bottom);
  const zero = scale === 0 ? HEIGHT / 2 : top * scale;
  const amount = (net: number): string => signed(placed(trimmed(net.toFixed(8)), currency));
  const total = amount(nets.reduce((sum, net) => sum + net, 0));
  const label = `P&L of the last ${days} days: ${total} ${currency ?? ''}`;
  return (
    <figure class="profit-chart">
      <figcaption>
        <b>{label}</b>
        <span class="soft">
          best day {amount(top)}, worst {amount(bottom)}
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${days * SLOT} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        {bars.map(({ date, net }, at) => {
          if (net === null) return null;
          const size = Math.max(Math.abs(Number(net)) * scale, LEAST);
          const isLoss = Number(net) < 0;
          return (
            <rect
              key={date}
              class={isLoss ? 'loss' : 'gain'}
              x={at * SLOT + (SLOT - BAR) / 2}
              y={isLoss ? zero : zero - size}
              width={BAR}
              height={size}
            >
              <title>{`${date}: ${signed(trimmed(net))}`}</title>
            </rect>
          );
        })}
        <line x1={0} x2={days * SLOT} y1={zero} y2={zero} />
      </svg>
      <p class="soft">
        <span>{bars[0]?.date}</span>
        <span>{toDate}</span>
      </p>
    </figure>
  );
}
