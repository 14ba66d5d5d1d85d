import type { OrderStatus, WaitingEntryStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { CLOCK, dayAndMinute, grouped } from '../format.js';
import { ActionNotice, doneOf, useAction } from './action.js';
import { CsvButton } from './csv-button.js';
import { Empty, Panel } from './panel.js';
import { type Column, Table } from './table.js';
import { readable } from './words.js';

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

/** These are in the desk, not at the venue; they have no quantity yet: each is sized at its moment. */
const WAITING_COLUMNS: readonly Column<WaitingEntryStatus>[] = [
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  { title: 'Entry', cell: ({ side, waits }) => <span class={side}>{readable(waits)}</span>, long: true },
  { title: 'Stop', cell: ({ stop }) => grouped(stop), number: true },
  { title: 'Strategy', cell: ({ strategy }) => strategy, minor: true },
  {
    title: `Since, ${CLOCK}`,
    cell: ({ sinceMs }) => (sinceMs === null ? 'not known' : dayAndMinute(sinceMs)),
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
  readonly waiting: readonly WaitingEntryStatus[];
  readonly mayCancel: boolean;
}

export function Orders({ api, orders, waiting, mayCancel }: OrdersProps) {
  const action = useAction();
  const cancelling = (clientId: string, label: string) => (
    <button
      type="button"
      class="button small"
      aria-label={label}
      disabled={action.busy}
      onClick={() => void action.run(async () => doneOf(await api.cancelEntry(clientId)))}
    >
      Cancel
    </button>
  );
  const cancel: Column<OrderStatus> = {
    title: 'Cancel',
    cell: ({ clientId, symbol, purpose }) =>
      purpose === 'entry' ? cancelling(clientId, `Cancel the ${symbol} entry`) : '',
  };
  const cancelWaiting: Column<WaitingEntryStatus> = {
    title: 'Cancel',
    cell: ({ clientId, symbol }) => cancelling(clientId, `Cancel the ${symbol} entry that waits`),
  };
  const hasEntries = orders.some(({ purpose }) => purpose === 'entry');
  return (
    <Panel
      title="Orders"
      area="orders"
      aside={
        <>
          {waiting.length === 0 ? orders.length : `${orders.length}, ${waiting.length} waiting`}{' '}
          <CsvButton api={api} what="orders" />
        </>
      }
    >
      <ActionNotice action={action} />
      {orders.length === 0 ? (
        <Empty>{waiting.length === 0 ? 'No order is open.' : 'No order is at the venue.'}</Empty>
      ) : (
        <Table
          blocks
          caption="Open orders"
          columns={mayCancel && hasEntries ? [...COLUMNS, cancel] : COLUMNS}
          rows={orders}
          keyOf={({ clientId }) => clientId}
        />
      )}
      {waiting.length > 0 && (
        <>
          <p class="soft">In the desk, not at the venue, until its moment:</p>
          <Table
            blocks
            caption="Entries that wait in the desk"
            columns={mayCancel ? [...WAITING_COLUMNS, cancelWaiting] : WAITING_COLUMNS}
            rows={waiting}
            keyOf={({ clientId }) => clientId}
          />
        </>
      )}
    </Panel>
  );
}
