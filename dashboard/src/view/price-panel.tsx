import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Trade, TraderStatus } from '../api/shapes.js';
import { Chart, type Palette } from '../charts/chart.js';
import { drawLevels, drawMarks, type Level, type TradeMark } from '../charts/marks.js';
import { grouped } from '../format.js';
import { Empty, Panel } from './panel.js';
import type { PricePoint } from './use-desk.js';

interface PricePanelProps {
  readonly status: TraderStatus;
  readonly symbol: string;
  readonly onSymbol: (symbol: string) => void;
  readonly prices: readonly PricePoint[];
  readonly trades: readonly Trade[];
  readonly height: number;
}

export function PricePanel(props: PricePanelProps) {
  const { status, symbol, onSymbol, prices, trades, height } = props;
  const price = status.marketData.lastPrices.find((one) => one.symbol === symbol);
  const data = useMemo(
    (): uPlot.AlignedData => [
      prices.map((point) => point.marketMs / 1000),
      prices.map((point) => point.price),
    ],
    [prices],
  );
  const marks = useMemo(() => marksOf(trades, symbol, prices), [trades, symbol, prices]);
  const levels = levelsOf(status, symbol);
  const options = useDrawing(marks, levels);
  const count = marks.length === 1 ? '1 trade' : `${marks.length} trades`;
  return (
    <Panel
      title="Price"
      area="price"
      aside={<SymbolTabs status={status} symbol={symbol} onSymbol={onSymbol} />}
    >
      <p class="quote">
        {price === undefined ? (
          'no price yet'
        ) : (
          <>
            <span class="label">Bid</span> <b>{grouped(price.bid)}</b> <span class="label">Ask</span>{' '}
            <b>{grouped(price.ask)}</b>
          </>
        )}
        <span class="soft"> one-minute closes, {count} in view, market time UTC</span>
      </p>
      {prices.length < 2 ? (
        <Empty>Collecting prices…</Empty>
      ) : (
        <Chart label={`${symbol} prices, ${count} marked`} height={height} data={data} options={options} />
      )}
    </Panel>
  );
}

function SymbolTabs({ status, symbol, onSymbol }: Pick<PricePanelProps, 'status' | 'symbol' | 'onSymbol'>) {
  return (
    <fieldset class="tabs" aria-label="Symbol">
      {status.marketData.lastPrices.map((one) => (
        <button
          key={one.symbol}
          type="button"
          class="tab"
          aria-pressed={one.symbol === symbol}
          onClick={() => onSymbol(one.symbol)}
        >
          {one.symbol}
        </button>
      ))}
    </fieldset>
  );
}

/** The chart is made once; marks and levels are read afresh whenever it draws. */
function useDrawing(marks: readonly TradeMark[], levels: readonly Level[]) {
  const latest = useRef({ marks, levels });
  const plot = useRef<uPlot | null>(null);
  latest.current = { marks, levels };
  const keep = useCallback((made: uPlot | null): void => {
    plot.current = made;
  }, []);
  useEffect(() => plot.current?.redraw(false), [marks, JSON.stringify(levels)]);
  return useCallback(
    (palette: Palette) => ({
      scales: {
        y: {
          range: (_plot: uPlot, low: number, high: number) => rangeWith(latest.current.levels, low, high),
        },
      },
      series: [{}, { stroke: palette.info, width: 1.5, points: { show: false } }],
      hooks: {
        ready: [keep],
        destroy: [() => keep(null)],
        draw: [
          (made: uPlot) => {
            drawLevels(made, latest.current.levels, palette);
            drawMarks(made, latest.current.marks, palette);
          },
        ],
      },
    }),
    [],
  );
}

/** Room above and below, and as far as a level that is near enough to matter. */
function rangeWith(levels: readonly Level[], low: number, high: number): [number, number] {
  const span = Math.max(high - low, high * 0.0005);
  const near = levels
    .map(({ price }) => price)
    .filter((price) => price > low - span * 1.5 && price < high + span * 1.5);
  const bottom = Math.min(low, ...near);
  const top = Math.max(high, ...near);
  const room = (top - bottom) * 0.1 || span;
  return [bottom - room, top + room];
}

function marksOf(
  trades: readonly Trade[],
  symbol: string,
  prices: readonly PricePoint[],
): readonly TradeMark[] {
  const from = prices[0]?.marketMs ?? Number.POSITIVE_INFINITY;
  return trades
    .filter((trade) => trade.symbol === symbol && trade.marketMs >= from)
    .map(({ marketMs, price, side }) => ({ seconds: marketMs / 1000, price: Number(price), side }));
}

function levelsOf({ positions }: TraderStatus, symbol: string): readonly Level[] {
  const position = positions.find((one) => one.symbol === symbol);
  if (position === undefined) return [];
  const average: Level = {
    price: Number(position.averagePrice),
    tone: 'soft',
    text: `${position.side} from`,
  };
  if (position.stopPrice === null) return [average];
  return [average, { price: Number(position.stopPrice), tone: 'alarm', text: 'stop' }];
}
