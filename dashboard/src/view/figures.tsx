import { RESUME_SIZE_PCT } from '../api/openapi.js';
import type { TraderStatus } from '../api/shapes.js';
import { ago, grouped, placed, signed, tone } from '../format.js';

type Lamp = 'go' | 'caution' | 'alarm' | 'gain' | 'loss' | 'even' | '';

interface Figure {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
  readonly lamp: Lamp;
}

interface FiguresProps {
  readonly status: TraderStatus;
  /** False: the status may be old. */
  readonly isCurrent: boolean;
}

export function Figures({ status, isCurrent }: FiguresProps) {
  return (
    <dl class="figures" aria-label="Key figures">
      {figures(status, isCurrent).map(({ label, value, detail, lamp }) => (
        <div key={label} class={`figure ${lamp}`}>
          <dt>{label}</dt>
          <dd>
            <b>{value}</b> <span>{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function figures(status: TraderStatus, isCurrent: boolean): readonly Figure[] {
  const { currency, positions, reconciliation, sizePct, waitingEntries = [] } = status;
  const unprotected = positions.filter(({ protection }) => protection !== 'confirmed').length;
  return [
    { label: 'Equity', value: grouped(placed(status.equity, currency)), detail: currency, lamp: '' },
    {
      label: 'Today',
      value: signed(placed(status.dayPnl, currency)),
      detail: currency,
      lamp: tone(placed(status.dayPnl, currency)),
    },
    { label: 'Drawdown', value: `${status.drawdownPct} %`, detail: 'from the peak', lamp: '' },
    {
      label: sizePct === RESUME_SIZE_PCT.maximum ? 'Positions' : `Positions, at ${sizePct} % size`,
      value: String(status.openPositions),
      detail:
        positions.length === 0
          ? 'flat'
          : unprotected === 0
            ? 'all protected'
            : `${unprotected} NOT protected`,
      lamp: unprotected > 0 ? 'alarm' : '',
    },
    {
      label: 'Entries resting',
      value: String(status.entriesWorking),
      detail: restingWords(status.openOrders, waitingEntries.length),
      lamp: '',
    },
    { label: 'Fills', value: String(status.fills), detail: 'since the journal began', lamp: '' },
    reconciled(reconciliation),
    isCurrent ? marketData(status.marketData) : NOT_KNOWN,
  ];
}

/** An entry waiting in the desk is not an order yet, but counts as an entry. */
function restingWords(orders: number, waiting: number): string {
  if (waiting > 0) return `${waiting} of them in the desk`;
  return orders === 1 ? 'of 1 order' : `of ${orders} orders`;
}

function reconciled({ state, differences }: TraderStatus['reconciliation']): Figure {
  const words = {
    clean: ['clean', 'equals venue', 'go'],
    pending: ['pending', 'comparing', 'caution'],
    differences: [`${differences.length} found`, differences[0]?.symbol ?? '', 'alarm'],
    failed: ['failed', 'venue did not answer', 'alarm'],
  } as const;
  const [value, detail, lamp] = words[state];
  return { label: 'Reconciliation', value, detail, lamp };
}

const NOT_KNOWN: Figure = {
  label: 'Market data',
  value: 'not known',
  detail: 'no word from the desk',
  lamp: 'caution',
};

function marketData({ state, lastQuoteAgeMs }: TraderStatus['marketData']): Figure {
  const age = lastQuoteAgeMs === null ? 'no price yet' : `last price ${ago(lastQuoteAgeMs)} ago`;
  const lamp = state === 'up' ? 'go' : state === 'down' ? 'alarm' : 'caution';
  return { label: 'Market data', value: state, detail: age, lamp };
}
