import { useMemo, useState } from 'preact/hooks';
import type { PositionStatus, Trade, TraderStatus } from '../api/shapes.js';
import {
  type Candle,
  drawCandles,
  type Level,
  type StrategyLine,
  type TradeMark,
  toneOfLine,
} from '../charts/candles.js';
import { Chart, Ranges, useRange } from '../charts/chart.js';
import { CLOCK, dayAndMinute, grouped, priceText } from '../format.js';
import { Empty, Panel } from './panel.js';

interface PricePanelProps {
  readonly status: TraderStatus;
  /** Symbols with a position first. */
  readonly symbols: readonly string[];
  readonly symbol: string;
  readonly onSymbol: (symbol: string) => void;
  readonly candles: readonly Candle[];
  readonly isLoading: boolean;
  /** The lines that strategies follow. */
  readonly lines: readonly StrategyLine[];
  /** Decimal places of a price. */
  readonly digits: number;
  readonly trades: readonly Trade[];
  readonly height: number;
}

const FIRST_SEEN_SECONDS = 4 * 3_600;
const MINUTE = 60;

export function PricePanel(props: PricePanelProps) {
  const { status, symbols, symbol, onSymbol, candles, isLoading, lines, digits, trades, height } = props;
  const price = status.marketData.lastPrices.find((one) => one.symbol === symbol);
  const from = candles[0]?.time ?? Number.POSITIVE_INFINITY;
  const marks = useMemo(() => marksOf(trades, symbol, from), [trades, symbol, from]);
  const current = levelsOf(status, symbol);
  const levels = useMemo(() => current, [JSON.stringify(current)]);
  const data = useMemo(
    () => ({ candles, marks, levels, lines, digits }),
    [candles, marks, levels, lines, digits],
  );
  const chosen = useRange(FIRST_SEEN_SECONDS);
  const [pointed, setPointed] = useState<number | null>(null);
  const newest = candles.at(-1);
  const count = marks.length === 1 ? '1 fill' : `${marks.length} fills`;
  return (
    <Panel
      title="Price"
      area="price"
      aside={<SymbolTabs symbols={symbols} symbol={symbol} onSymbol={onSymbol} />}
    >
      <div class="chart-head">
        <p class="quote">
          {price === undefined ? (
            'no price yet'
          ) : (
            <>
              <span class="label">Bid</span> <b>{grouped(price.bid)}</b> <span class="label">Ask</span>{' '}
              <b>{grouped(price.ask)}</b>
            </>
          )}
        </p>
        <Ranges {...chosen} covered={newest === undefined ? 0 : newest.time - (candles[0]?.time ?? 0)} />
      </div>
      {newest === undefined || candles.length < 2 ? (
        <Empty>{isLoading ? 'Loading prices…' : 'Collecting prices…'}</Empty>
      ) : (
        <>
          <Pointed
            candle={candles.find(({ time }) => time === pointed) ?? newest}
            digits={digits}
            marks={marks}
          />
          <p class="pointed" data-testid="levels">
            {levels.map(({ text, price: at, tone }) => (
              <span key={`${text} ${at}`} class={`level ${tone}`}>
                {text} {priceText(at, digits)}
              </span>
            ))}
            {lines.map(({ name, points }, at) => (
              <span key={name} class={`level drawn ${toneOfLine(at)}`}>
                {name} {priceText(points.at(-1)?.value ?? 0, digits)}
              </span>
            ))}
          </p>
          <Chart
            key={symbol}
            label={`${symbol} candles of one minute, ${count} marked`}
            height={height}
            data={data}
            draw={drawCandles}
            range={chosen.range}
            newest={newest.time}
            onPoint={setPointed}
          />
          <Attribution />
        </>
      )}
    </Panel>
  );
}

interface SymbolTabsProps {
  readonly symbols: readonly string[];
  readonly symbol: string;
  readonly onSymbol: (symbol: string) => void;
}

function SymbolTabs({ symbols, symbol, onSymbol }: SymbolTabsProps) {
  return (
    <fieldset class="tabs" aria-label="Symbol">
      {symbols.map((one) => (
        <button
          key={one}
          type="button"
          class="tab"
          aria-pressed={one === symbol}
          onClick={() => onSymbol(one)}
        >
          {one}
        </button>
      ))}
    </fieldset>
  );
}

interface PointedProps {
  readonly candle: Candle;
  readonly digits: number;
  readonly marks: readonly TradeMark[];
}

/** The candle under the crosshair, or the newest. */
function Pointed({ candle, digits, marks }: PointedProps) {
  const { time, open, high, low, close, volume } = candle;
  const figure = (name: string, value: number) => (
    <span>
      <span class="label">{name}</span> {priceText(value, digits)}
    </span>
  );
  return (
    <p class="pointed" data-testid="pointed">
      <span>
        {dayAndMinute(time * 1000)} {CLOCK}
      </span>
      {figure('O', open)}
      {figure('H', high)}
      {figure('L', low)}
      {figure('C', close)}
      {volume > 0 && (
        <span>
          <span class="label">Volume</span> {grouped(String(volume))}
        </span>
      )}
      {marks
        .filter((mark) => mark.time === time)
        .map(({ side, words, price }, at) => (
          <span key={`${words} ${at}`} class={side}>
            {words} {grouped(price)}
          </span>
        ))}
    </p>
  );
}

/** Required by the library's licence. */
function Attribution() {
  return (
    <p class="attribution">
      Charts:{' '}
      <a href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">
        TradingView Lightweight Charts™
      </a>
      , <a href="/NOTICE.txt">notice</a>. Market time, {CLOCK}.
    </p>
  );
}

const PURPOSES: Readonly<Record<string, string>> = {
  entry: 'entry',
  exit: 'exit',
  protective: 'stop',
  close: 'closed',
};

function marksOf(trades: readonly Trade[], symbol: string, from: number): readonly TradeMark[] {
  return trades
    .filter((trade) => trade.symbol === symbol)
    .map(({ marketMs, side, purpose, price }) => ({
      time: Math.floor(marketMs / 1000 / MINUTE) * MINUTE,
      side,
      words: PURPOSES[purpose] ?? purpose,
      price: grouped(price),
    }))
    .filter(({ time }) => time >= from)
    .sort((left, right) => left.time - right.time);
}

function levelsOf({ positions, orders }: TraderStatus, symbol: string): readonly Level[] {
  const levels: Level[] = [];
  const position = positions.find((one) => one.symbol === symbol);
  if (position !== undefined) {
    levels.push({ price: Number(position.averagePrice), tone: 'soft', text: `${position.side} from` });
    if (position.stopPrice !== null)
      levels.push({ price: Number(position.stopPrice), tone: 'alarm', text: 'stop' });
    for (const { price, text } of targetsAhead(position)) levels.push({ price, tone: 'go', text });
  }
  for (const { symbol: of, purpose, price, worstPrice } of orders) {
    if (of !== symbol || price === null) continue;
    const text = worstPrice === undefined ? 'entry' : 'entry triggers';
    if (purpose === 'entry') levels.push({ price: Number(price), tone: 'info', text });
  }
  return levels;
}

/** Of several trades each has its own targets, named by its strategy. */
function targetsAhead({ parts = [], trade }: PositionStatus): readonly Pick<Level, 'price' | 'text'>[] {
  const plans =
    parts.length > 1
      ? parts.map(({ strategy, exits }) => ({ text: `target of ${strategy}`, exits }))
      : [{ text: 'target', exits: trade?.exits }];
  return plans.flatMap(({ text, exits }) =>
    (exits?.targets ?? [])
      .filter(({ reached }) => !reached)
      .map(({ price }) => ({ price: Number(price), text })),
  );
}
