import type { Trade, TradesAnswer } from '../connection/desk-api.js';
import type { Polled } from '../connection/use-polled.js';
import { grouped, minuteOfDay, money, signed, tone, trimmed } from '../format.js';
import { Empty, Panel } from './panel.js';
import { type Column, Table } from './table.js';

const COLUMNS: readonly Column<Trade>[] = [
  { title: 'Market time', cell: ({ marketMs }) => minuteOfDay(marketMs) },
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  { title: 'Side', cell: ({ side }) => <span class={side}>{side}</span> },
  { title: 'Quantity', cell: ({ quantity }) => trimmed(quantity), number: true, wide: true },
  { title: 'Price', cell: ({ price }) => grouped(price), number: true },
  {
    title: 'Realised',
    cell: ({ realised }) => <span class={tone(money(realised))}>{signed(money(realised))}</span>,
    number: true,
  },
  { title: 'Fee', cell: ({ fee }) => grouped(trimmed(fee)), number: true, minor: true },
  {
    title: 'Purpose',
    cell: ({ purpose, caughtUp }) => (caughtUp ? `${purpose}, caught up` : purpose),
    minor: true,
  },
];

export function Fills({ trades }: { readonly trades: Polled<TradesAnswer> }) {
  const rows = trades.value?.trades ?? [];
  return (
    <Panel title="Fills" area="fills" aside={trades.value?.total ?? ''} problem={trades.problem}>
      {rows.length === 0 ? (
        <Empty>{trades.value === null ? 'Reading the ledger…' : 'No fill yet.'}</Empty>
      ) : (
        <Table
          caption="Fills, newest first"
          columns={COLUMNS}
          rows={rows}
          keyOf={({ symbol, tradeId }) => `${symbol} ${tradeId}`}
        />
      )}
    </Panel>
  );
}
