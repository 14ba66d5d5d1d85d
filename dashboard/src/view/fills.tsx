import { useEffect, useState } from 'preact/hooks';
import type { Trade, TradesAnswer } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { asProblem, NO_ANSWER_YET, type Problem } from '../connection/problem.js';
import { type Polled, unlessSlow } from '../connection/use-polled.js';
import { CLOCK, dayAndMinute, grouped, isZero, placed, signed, tone, trimmed } from '../format.js';
import { CsvButton } from './csv-button.js';
import { Empty, Panel } from './panel.js';
import { type Column, Table } from './table.js';

const columnsIn = (currency: string): readonly Column<Trade>[] => [
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  // Half a line on a phone is too short for the title and a time.
  { title: `Market time, ${CLOCK}`, cell: ({ marketMs }) => dayAndMinute(marketMs), long: true },
  { title: 'Side', cell: ({ side }) => <span class={side}>{side}</span> },
  { title: 'Quantity', cell: ({ quantity }) => grouped(trimmed(quantity)), number: true },
  { title: 'Price', cell: ({ price }) => grouped(price), number: true },
  {
    title: 'Realised',
    // An entry that reverses a position closes something too.
    cell: ({ purpose, realised }) => {
      const result = placed(realised, currency);
      return purpose === 'entry' && isZero(result) ? '–' : <span class={tone(result)}>{signed(result)}</span>;
    },
    number: true,
  },
  { title: 'Fee', cell: ({ fee }) => grouped(trimmed(fee)), number: true, minor: true },
  {
    title: 'Purpose',
    cell: ({ purpose, caughtUp }) => (caughtUp ? `${purpose}, caught up` : purpose),
    minor: true,
  },
];

interface FillsProps {
  readonly api: DeskApi;
  /** The newest page, polled. */
  readonly trades: Polled<TradesAnswer>;
  readonly currency: string;
}

export function Fills({ api, trades, currency }: FillsProps) {
  const newest = trades.value;
  const { read, problem, more } = usePages(api, newest);
  const { rows, next } = read ?? { rows: [], next: null };
  return (
    <Panel
      title="Fills"
      area="fills"
      problem={trades.problem ?? problem}
      aside={
        newest !== null && (
          <>
            <span class="soft">
              {rows.length < newest.total && `${rows.length} of `}
              {grouped(String(newest.total))}, in {currency}
            </span>{' '}
            <CsvButton api={api} what="trades" />
          </>
        )
      }
    >
      {rows.length === 0 ? (
        <Empty>{read === null ? 'Reading the ledger…' : 'No fill yet.'}</Empty>
      ) : (
        <Table blocks caption="Fills, newest first" columns={columnsIn(currency)} rows={rows} keyOf={keyOf} />
      )}
      {next !== null && (
        <button type="button" class="button small" onClick={() => void more(next)}>
          Older
        </button>
      )}
    </Panel>
  );
}

interface Read {
  readonly rows: readonly Trade[];
  /** Cursor of the next older page; null at the end. */
  readonly next: string | null;
}

/** Every page read so far: the newest page at each poll, and older ones on request. */
function usePages(api: DeskApi, newest: TradesAnswer | null) {
  const [read, setRead] = useState<Read | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    if (newest === null) return;
    setRead((before) => ({
      rows: unique([...newest.trades, ...(before?.rows ?? [])]),
      next: before === null ? newest.nextCursor : before.next,
    }));
  }, [newest]);
  const more = async (cursor: string): Promise<void> => {
    try {
      const page = await unlessSlow(api.trades(cursor), () => setProblem(NO_ANSWER_YET));
      setProblem(null);
      setRead((before) => ({
        rows: unique([...(before?.rows ?? []), ...page.trades]),
        next: page.nextCursor,
      }));
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return { read, problem, more };
}

const keyOf = ({ symbol, tradeId, marketMs }: Trade): string => `${symbol} ${tradeId} ${marketMs}`;

function unique(trades: readonly Trade[]): readonly Trade[] {
  return [...new Map(trades.map((trade) => [keyOf(trade), trade])).values()];
}
