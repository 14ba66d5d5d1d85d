import type { OrderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { grouped } from '../format.js';
import { ActionNotice } from './action-notice.js';
import { CsvButton } from './csv-button.js';
import { Empty, Panel } from './panel.js';
import { type Column, Table } from './table.js';
import { doneOf, useAction } from './use-action.js';

const PURPOSE = {
  entry: 'Entry',
  protective: 'Protective stop',
  exit: 'Exit',
  close: 'Closes the position',
} as const;

const COLUMNS: readonly Column<OrderStatus>[] = [
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  { title: 'Purpose', cell: ({ purpose }) => PURPOSE[purpose] },
  { title: 'Order', cell: ({ side, type }) => <span class={side}>{`${side} ${type}`}</span> },
  { title: 'Quantity', cell: ({ quantity }) => grouped(quantity), number: true },
  { title: 'Price', cell: priceOf, number: true },
  { title: 'Filled', cell: ({ filled }) => grouped(filled), number: true, minor: true },
  {
    title: 'State',
    cell: ({ state }) => (state === 'unknown' ? <span class="lamp alarm">unknown</span> : state),
  },
];

/** The price of a stop is its trigger. */
function priceOf({ price, worstPrice }: OrderStatus): string {
  if (price === null) return 'market';
  return worstPrice === undefined
    ? grouped(price)
    : `triggers at ${grouped(price)}, ${grouped(worstPrice)} at worst`;
}

interface OrdersProps {
  readonly api: DeskApi;
  readonly orders: readonly OrderStatus[];
  readonly mayCancel: boolean;
}

export function Orders({ api, orders, mayCancel }: OrdersProps) {
  const action = useAction();
  const cancelling: Column<OrderStatus> = {
    title: 'Cancel',
    cell: ({ clientId, symbol, purpose }) =>
      purpose === 'entry' ? (
        <button
          type="button"
          class="button small"
          aria-label={`Cancel the ${symbol} entry`}
          disabled={action.busy}
          onClick={() => void action.run(async () => doneOf(await api.cancelEntry(clientId)))}
        >
          Cancel
        </button>
      ) : (
        ''
      ),
  };
  const hasEntries = orders.some(({ purpose }) => purpose === 'entry');
  return (
    <Panel
      title="Orders"
      area="orders"
      aside={
        <>
          {orders.length} <CsvButton api={api} what="orders" />
        </>
      }
    >
      <ActionNotice action={action} />
      {orders.length === 0 ? (
        <Empty>No order is open.</Empty>
      ) : (
        <Table
          blocks
          caption="Open orders"
          columns={mayCancel && hasEntries ? [...COLUMNS, cancelling] : COLUMNS}
          rows={orders}
          keyOf={({ clientId }) => clientId}
        />
      )}
    </Panel>
  );
}
