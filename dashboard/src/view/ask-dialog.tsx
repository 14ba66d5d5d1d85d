import { moneyAtStake } from '../../../src/domain/account.js';
import type { TraderStatus } from '../../../src/trader/protocol.js';
import { day, minuteOfDay } from '../format.js';
import { ReasonDialog } from './reason-dialog.js';
import { sentence } from './words.js';

interface AskDialogProps {
  readonly about: 'close-all' | 'resume';
  /** Null before the trader's first word. */
  readonly status: TraderStatus | null;
  readonly onGo: (reason: string) => void;
  readonly onCancel: () => void;
}

export function AskDialog({ about, status, onGo, onCancel }: AskDialogProps) {
  const shared = { label: 'Reason, kept with the decision', onGo, onCancel };
  return about === 'close-all' ? (
    <ReasonDialog {...shared} title="Close all positions?" go="Close all" dangerous mayBeEmpty>
      <p>
        Halts the desk, cancels every order, closes every position at the market, and reads back from the
        venue until flat is proven.
      </p>
      {status !== null && <ToClose status={status} />}
    </ReasonDialog>
  ) : (
    <ReasonDialog {...shared} title="Resume trading?" go="Resume">
      <p>
        The checks run again. If every one is clean, the desk is armed and may enter new positions with{' '}
        {moneyAtStake(status?.trading ?? 'live', status?.account.name ?? null)}.
      </p>
      {status !== null && <ToLift status={status} />}
    </ReasonDialog>
  );
}

/** What is there now; more may be filled until the halt. */
function ToClose({ status: { positions, orders, currency } }: { readonly status: TraderStatus }) {
  return (
    <ul class="what">
      <li>
        {orders.length === 0
          ? 'No order is open.'
          : `Cancels ${count(orders.length, 'order')}: ${orders.map(({ symbol, purpose }) => `${symbol} ${purpose}`).join(', ')}.`}
      </li>
      {positions.length === 0 && <li>No position is open.</li>}
      {positions.map(({ symbol, side, quantity, unrealised }) => (
        <li key={symbol}>
          {side === 'long' ? 'Sells' : 'Buys'} {quantity} {symbol}; its result now is {unrealised} {currency}.
        </li>
      ))}
    </ul>
  );
}

function ToLift({ status: { halts } }: { readonly status: TraderStatus }) {
  return (
    <ul class="what">
      {halts.map(({ haltId, reason, atWallMs }) => (
        <li key={haltId}>
          Lifts the halt of {day(atWallMs)} {minuteOfDay(atWallMs)} UTC: {sentence(reason)}
        </li>
      ))}
    </ul>
  );
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
