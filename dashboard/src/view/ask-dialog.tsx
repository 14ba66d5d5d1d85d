import { useState } from 'preact/hooks';
import type { ResumeDecided, Signing, TraderStatus } from '../api/shapes.js';
import type { Asked } from '../connection/desk-api.js';
import type { SignWith } from '../connection/sign-vote.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, grouped, minuteOfDay, placed, signed } from '../format.js';
import { useSignatureOf } from './own-signature.js';
import { ReasonDialog } from './reason-dialog.js';
import { SizeInput } from './size-input.js';
import { decidedWords } from './why.js';
import { readable, sentence } from './words.js';

const TWINS_EVERY_MS = 60_000;

interface AskDialogProps {
  readonly about: 'close-all' | 'resume';
  /** Null before the trader's first status. */
  readonly status: TraderStatus | null;
  readonly decided: readonly ResumeDecided[];
  /** Who is asked. */
  readonly person: string;
  /** The statement that must be signed to resume with this size. */
  readonly signing: (sizePct: number | undefined) => Promise<Signing>;
  readonly sign: (sizePct: number | undefined, signWith: SignWith) => Promise<string>;
  readonly onGo: (asked: Asked) => void;
  readonly onCancel: () => void;
  /** What the desk's paper twins have done since it halted, a line each. */
  readonly twins: () => Promise<readonly string[]>;
}

export function AskDialog({
  about,
  status,
  decided,
  person,
  signing,
  sign,
  onGo,
  onCancel,
  twins,
}: AskDialogProps) {
  const [size, setSize] = useState('');
  const [kill, setKill] = useState(false);
  const sizePct = size === '' ? undefined : Number(size);
  const signs = about === 'resume' && status !== null && takesOwnVote(status, sizePct);
  const { signWith, field } = useSignatureOf(signs ? () => signing(sizePct) : null, sizePct);
  // A halt that comes while the dialog is open may not have been read.
  const [atFirst] = useState(status);
  const haltId = atFirst?.haltId;
  const isHaltedAnew = status !== null && haltId !== undefined && status.haltId !== haltId;
  const resuming = { ...(sizePct === undefined ? {} : { sizePct }), ...(haltId ? { haltId } : {}) };
  const go = (reason: string, signature?: string): void =>
    onGo({
      ...{ reason, ...(about === 'resume' ? resuming : { kill }) },
      ...(signature === undefined ? {} : { signature }),
    });
  const shared = { label: 'Reason, kept with the decision', mayBeEmpty: true, onGo: go, onCancel };
  return about === 'close-all' ? (
    <ReasonDialog
      {...shared}
      title="Close all positions?"
      go="Close all"
      dangerous
      choice={
        <label class="tick">
          <input type="checkbox" checked={kill} onChange={(event) => setKill(event.currentTarget.checked)} />{' '}
          Kill: two people must resume
        </label>
      }
    >
      <p>
        Halts the desk, cancels every order, closes every position at the market, and reads back from the
        venue until flat is proven.
      </p>
      {kill && (
        <p>
          Two people with the role approver must resume after a kill. If the desk file names only one, nobody
          can until it names another and the desk is started with it.
        </p>
      )}
      {status !== null && <ToClose status={status} />}
    </ReasonDialog>
  ) : (
    <ReasonDialog
      {...shared}
      title="Resume trading?"
      go="Resume"
      sign={signs ? () => sign(sizePct, signWith) : undefined}
      choice={
        <>
          <SizeInput size={size} onSize={setSize}>
            Position size, % of the full size (empty: as it is{status !== null && `, ${status.sizePct} %`})
          </SizeInput>
          {signs && field}
        </>
      }
    >
      {isHaltedAnew && (
        <p>
          <b>
            {status.haltId === null
              ? 'Somebody has resumed trading since you were asked.'
              : 'The desk was halted anew since you were asked: close this, and look at the new reason.'}
          </b>
        </p>
      )}
      {status !== null && needsTwo(status) && <Others decided={decided} person={person} />}
      <p>
        The checks run again. If every one is clean
        {status !== null && needsTwo(status) && ' and two people have decided so'}, the desk is armed and may
        enter new positions with {status?.money ?? 'real money'}.
      </p>
      {status !== null && <ToLift status={status} halts={atFirst?.halts ?? status.halts} twins={twins} />}
    </ReasonDialog>
  );
}

export const needsTwo = ({ halts }: TraderStatus): boolean =>
  halts.some(({ resume }) => resume === 'two-people');

function Others({ decided, person }: Pick<AskDialogProps, 'decided' | 'person'>) {
  const others = decided.filter((one) => one.person !== person);
  return (
    <>
      {decided.map((one) => (
        <p key={one.person}>{decidedWords(one)}</p>
      ))}
      <p>
        <b>
          {others.length === 0
            ? 'It takes two people: after you it waits for another one.'
            : 'You are the second one: this press arms the desk, at the smallest size that was decided on.'}
        </b>
      </p>
    </>
  );
}

/** True for lifting a kill and for a larger size, both with real money; the trader decides in the end. */
function takesOwnVote(
  { trading, halts, sizePct: nowPct }: TraderStatus,
  sizePct: number | undefined,
): boolean {
  if (trading !== 'live') return false;
  return halts.some(({ cause }) => cause === 'kill') || (sizePct !== undefined && sizePct > nowPct);
}

/** What is open now; more may be filled before the halt. */
function ToClose({ status }: { readonly status: TraderStatus }) {
  const { positions, orders, waitingEntries = [], currency } = status;
  return (
    <ul class="what">
      <li>
        {orders.length === 0
          ? 'No order is open.'
          : `Cancels ${count(orders.length, 'order')}: ${orders.map(({ symbol, purpose }) => `${symbol} ${purpose}`).join(', ')}.`}
      </li>
      {waitingEntries.length > 0 && (
        <li>
          Drops what waits in the desk:{' '}
          {waitingEntries.map(({ symbol, waits }) => `${symbol} ${readable(waits)}`).join('; ')}.
        </li>
      )}
      {positions.length === 0 && <li>No position is open.</li>}
      {positions.map(({ symbol, side, quantity, unrealised }) => (
        <li key={symbol}>
          {side === 'long' ? 'Sells' : 'Buys'} {grouped(quantity)} {symbol}; its result now is{' '}
          {signed(placed(unrealised, currency))} {currency}.
        </li>
      ))}
    </ul>
  );
}

interface ToLiftProps extends Pick<AskDialogProps, 'twins'> {
  readonly status: TraderStatus;
  /** As they were when the question was asked: the request is about these. */
  readonly halts: TraderStatus['halts'];
}

function ToLift({ status, halts, twins }: ToLiftProps) {
  const { value } = usePolled(twins, TWINS_EVERY_MS, '');
  const { equity, currency, drawdownPct, dayPnl, openPositions } = status;
  return (
    <ul class="what">
      <li>
        Equity {grouped(placed(equity, currency))} {currency}, {drawdownPct} % below its peak; today{' '}
        {signed(placed(dayPnl, currency))}; {count(openPositions, 'open position')}.
      </li>
      {halts.map(({ haltId, reason, atWallMs }) => (
        <li key={haltId}>
          Lifts the halt of {day(atWallMs)} {minuteOfDay(atWallMs)} {CLOCK}: {sentence(readable(reason))}
        </li>
      ))}
      {(value ?? []).map((line) => (
        <li key={line}>{line}.</li>
      ))}
    </ul>
  );
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
