import { useState } from 'preact/hooks';
import type { PositionStatus, TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { grouped, placed, signed, tone } from '../format.js';
import { ActionNotice, doneOf, useAction } from './action.js';
import { Notes } from './figures.js';
import { Empty, Panel } from './panel.js';
import { ReasonDialog } from './reason-dialog.js';
import { type Column, Table } from './table.js';

type PartStatus = NonNullable<PositionStatus['parts']>[number];

/** The strategy of what no order of the desk opened. */
const NOBODY = 'fermata';

const PROTECTION = {
  confirmed: ['Confirmed', 'go'],
  pending: ['Pending', 'caution'],
  missing: ['MISSING', 'alarm'],
  passed: ['Price is past the stop', 'alarm'],
  closing: ['CLOSING, no stop', 'alarm'],
} as const;

const columnsIn = (currency: string): readonly Column<PositionStatus>[] => [
  { title: 'Symbol', cell: ({ symbol }) => <b>{symbol}</b> },
  { title: 'Side', cell: ({ side }) => side },
  { title: 'Quantity', cell: ({ quantity }) => grouped(quantity), number: true },
  { title: 'Average', cell: ({ averagePrice }) => grouped(averagePrice), number: true },
  { title: 'Mark', cell: ({ markPrice }) => (markPrice === null ? '–' : grouped(markPrice)), number: true },
  {
    title: 'Result',
    cell: ({ unrealised }) => {
      const result = placed(unrealised, currency);
      return <span class={tone(result)}>{signed(result)}</span>;
    },
    number: true,
  },
  { title: 'Stop', cell: ({ stopPrice }) => (stopPrice === null ? '–' : grouped(stopPrice)), number: true },
  {
    title: 'Protection',
    cell: ({ protection, withoutStopMs }) => (
      <span class={`lamp ${PROTECTION[protection][1]}`}>
        {PROTECTION[protection][0]}
        {withoutStopMs !== null && `, none known to rest for ${grouped(String(withoutStopMs))} ms`}
      </span>
    ),
  },
  { title: 'Strategy', cell: (position) => strategiesOf(position).join(', '), minor: true },
];

/** Exits of its only trade other than the stop; shown if one has any. Several trades have theirs below. */
const EXITS: Column<PositionStatus> = {
  title: 'Exits',
  cell: (position) => exitsOf(position)?.words.join(', ') ?? '–',
  long: true,
};

/** Empty if the position is one trade. */
const severalIn = ({ parts = [] }: PositionStatus): readonly PartStatus[] => (parts.length > 1 ? parts : []);

const exitsOf = (position: PositionStatus) =>
  severalIn(position).length > 0 ? undefined : position.trade?.exits;

function strategiesOf(position: PositionStatus): readonly string[] {
  const several = severalIn(position).map(({ strategy }) => strategy);
  return several.length > 0 ? several : [position.strategy];
}

function columnsFor(
  positions: readonly PositionStatus[],
  currency: string,
): readonly Column<PositionStatus>[] {
  const columns = columnsIn(currency);
  return positions.some((position) => exitsOf(position) !== undefined) ? [...columns, EXITS] : columns;
}

interface Held {
  readonly api: DeskApi;
  readonly mayClose: boolean;
  readonly positions: readonly PositionStatus[];
  readonly notes: TraderStatus['notes'];
  readonly currency: string;
}

export function Positions({ api, mayClose, positions, notes, currency }: Held) {
  const [asked, setAsked] = useState<PositionStatus | null>(null);
  const action = useAction();
  const closing: Column<PositionStatus> = {
    title: 'Close',
    cell: (position) => (
      <button
        type="button"
        class="button small"
        aria-label={`Close ${position.symbol}`}
        disabled={action.busy}
        onClick={() => setAsked(position)}
      >
        Close…
      </button>
    ),
  };
  return (
    <Panel title="Positions" area="positions" aside={positions.length}>
      <ActionNotice action={action} />
      {asked !== null && (
        <CloseDialog
          position={positions.find(({ symbol }) => symbol === asked.symbol) ?? asked}
          isGone={!positions.some(({ symbol }) => symbol === asked.symbol)}
          currency={currency}
          onGo={(reason) => {
            setAsked(null);
            void action.run(async () => doneOf(await api.closePosition(asked.symbol, reason)));
          }}
          onCancel={() => setAsked(null)}
        />
      )}
      {positions.length === 0 ? (
        <Empty>Flat: no open position.</Empty>
      ) : (
        <Table
          blocks
          caption="Open positions"
          columns={mayClose ? [...columnsFor(positions, currency), closing] : columnsFor(positions, currency)}
          rows={positions}
          keyOf={({ symbol }) => symbol}
        />
      )}
      {positions
        .filter((position) => severalIn(position).length > 0)
        .map((position) => (
          <p class="empty" key={position.symbol}>
            {position.symbol}, by strategy: {severalIn(position).map(partWords).join('; ')}.
          </p>
        ))}
      <Notes notes={notes} place="positions" />
    </Panel>
  );
}

const heldWords = ({ strategy, side, quantity }: PartStatus): string =>
  `${strategy} ${side === undefined ? '' : `${side} `}${grouped(quantity)}`;

function partWords(part: PartStatus): string {
  const { averagePrice, stopPrice, protection, exits } = part;
  const average = averagePrice === undefined ? '' : ` at ${grouped(averagePrice)}`;
  const stop = `, stop ${stopPrice === null ? 'none' : grouped(stopPrice)} (${protection})`;
  return `${heldWords(part)}${average}${stop}${exits === undefined ? '' : `, exits: ${exits.words.join(', ')}`}`;
}

interface CloseDialogProps {
  /** As it is now, and once it is gone, as it was when the question was asked. */
  readonly position: PositionStatus;
  readonly isGone: boolean;
  readonly currency: string;
  readonly onGo: (reason: string) => void;
  readonly onCancel: () => void;
}

function CloseDialog({ position, isGone, currency, onGo, onCancel }: CloseDialogProps) {
  const { symbol, side, quantity, unrealised } = position;
  const several = severalIn(position);
  // Nobody's lots bring no strategy back.
  const entering = strategiesOf(position).filter((strategy) => strategy !== NOBODY);
  const isTraded = Number(quantity) !== 0;
  return (
    <ReasonDialog
      title={`Close ${symbol}?`}
      label="Reason, kept with the decision"
      mayBeEmpty
      go={`Close ${symbol}`}
      dangerous
      onGo={onGo}
      onCancel={onCancel}
    >
      {isGone && (
        <p>
          <b>It is closed by now. This was it:</b>
        </p>
      )}
      {several.length > 0 && (
        <p>
          Ends {several.length} trades: {several.map(heldWords).join('; ')}. Their stops go with them.
        </p>
      )}
      <p>
        {isTraded
          ? `${side === 'long' ? 'Sells' : 'Buys'} ${grouped(quantity)} ${symbol} at the market`
          : 'They cancel out, and nothing is traded at the market'}
        ; the result now is {signed(placed(unrealised, currency))} {currency}.
        {several.length === 0 && ' Its stop goes with it.'}
      </p>
      <p>
        The desk goes on
        {entering.length > 0 && `: where it is active, ${entering.join(' and ')} may enter again`}.
      </p>
    </ReasonDialog>
  );
}
