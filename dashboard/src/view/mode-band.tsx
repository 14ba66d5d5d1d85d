import type { LiveState, TraderStatus } from '../api/shapes.js';
import type { Button } from '../connection/desk-api.js';
import { type Connection, isCurrent } from '../connection/live.js';
import { CLOCK, timeOfDay } from '../format.js';
import { inContainers, typed } from '../typed.js';
import { DocumentLink } from './links.js';
import { readable, sentence, Words } from './words.js';

interface ModeBandProps {
  /** Null before the first status. */
  readonly state: LiveState | null;
  readonly connection: Connection;
  /** Buttons whose request is in progress. */
  readonly pressed: ReadonlySet<Button>;
  /** It is known what halted the desk: nobody lifts a halt unread. */
  readonly canResume: boolean;
  readonly onStop: () => void;
  readonly onAsk: (button: 'close-all' | 'resume') => void;
}

/** What the desk may do, why, and the three buttons that change it. */
export function ModeBand({ state, connection, pressed, canResume, onStop, onAsk }: ModeBandProps) {
  const { mode, tone, reason, now } = wordsOf(state, connection);
  const section = sectionOf(mode, state);
  return (
    <section class="mode-band" aria-label="Mode">
      <div class={`mode mode-${tone}`} data-testid="mode">
        {mode}
      </div>
      <div class="mode-words">
        <p class="mode-reason" role="status" aria-live="assertive" aria-atomic="true">
          <span class="unseen">{mode}: </span>
          {sentence(readable(reason))}{' '}
          {section !== null && <DocumentLink to={`WOKEN#${section}`}>What to do</DocumentLink>}
        </p>
        <p class="now">
          <span class="label">Now</span> <Words text={readable(now)} />
        </p>
      </div>
      <fieldset class="buttons" aria-label="Emergency">
        <button
          type="button"
          class="button stop"
          onClick={onStop}
          aria-keyshortcuts="Shift+S Alt+Shift+S"
          title={STOP_TITLE}
        >
          {pressed.has('stop') ? 'Stopping…' : 'Stop'}
        </button>
        <button
          type="button"
          class="button close"
          onClick={() => onAsk('close-all')}
          aria-keyshortcuts="C"
          title="Cancel everything, flatten, prove it. Asks first. (C)"
        >
          {pressed.has('close-all') ? 'Closing…' : 'Close all'}
        </button>
        <button
          type="button"
          class="button resume"
          onClick={() => onAsk('resume')}
          disabled={!canResume}
          aria-keyshortcuts="R"
          title={canResume ? 'Check again, then arm. Asks first. (R)' : cannotResume(mode)}
        >
          {pressed.has('resume') ? 'Resuming…' : 'Resume'}
        </button>
      </fieldset>
    </section>
  );
}

const cannotResume = (mode: string): string =>
  mode === 'ACTIVE' ? 'The desk is active' : 'What halted the desk is not known here yet';

/** The section of docs/WOKEN.md about the reason shown; null: there is nothing to do. */
function sectionOf(mode: string, state: LiveState | null): string | null {
  if (mode === 'NO ANSWER') return state?.processes === null && !inContainers() ? 'supervisor-lost' : null;
  if (mode !== 'HALTED' && mode !== 'KILLED' && mode !== 'REDUCING') return null;
  return state?.status?.haltCause ?? null;
}

const STOP_TITLE =
  'At once: no new entries, pending entries cancelled; positions and their stops stay. (Shift+S; while you type: Alt+Shift+S)';

interface ModeWords {
  readonly mode: string;
  readonly tone: 'go' | 'caution' | 'alarm' | 'idle';
  readonly reason: string;
  readonly now: string;
}

/** A mode is shown only while it is known to be current. */
export function wordsOf(state: LiveState | null, connection: Connection): ModeWords {
  if (state === null) {
    return {
      mode: 'CONNECTING',
      tone: 'idle',
      reason: 'no word from the desk yet',
      now: 'Stop works already.',
    };
  }
  const { trader, status, statusWallMs } = state;
  const known =
    status === null || statusWallMs === null
      ? ''
      : ` Last known: ${status.mode}, ${timeOfDay(statusWallMs)} ${CLOCK}.`;
  if (!isCurrent(connection)) {
    const why =
      connection.kind === 'live'
        ? `What the web server sends arrives ${connection.behindSeconds} s late.`
        : 'This page has lost the web server.';
    return {
      mode: 'NOT KNOWN',
      tone: 'caution',
      reason: `${why}${known}`,
      now: `Whether the trader goes on is not known here; it needs no page to. In a terminal: \`${typed('status')}\`, \`${typed('stop')}\`.`,
    };
  }
  if (!trader.reachable || status === null) {
    return {
      mode: 'NO ANSWER',
      tone: 'alarm',
      reason: `The trader has not answered since ${timeOfDay(trader.sinceWallMs)} ${CLOCK}.${known}`,
      now: waitingFor(state),
    };
  }
  const { tone, text, detail } = status.headline;
  const reason = text === status.mode ? detail : `${text}: ${detail}`;
  return { mode: status.mode, tone, reason, now: nowLine(status) };
}

function waitingFor({ processes }: LiveState): string {
  if (inContainers()) return 'Waiting for the trader; Docker restarts it, and it comes back HALTED.';
  if (processes?.some(({ name, state }) => name === 'trader' && state === 'down'))
    return `The trader ended too often, and stays down. Stops stay at the venue. In a terminal: \`${typed('logs')}\` says why; then \`${typed('restart trader')}\`.`;
  return processes === null
    ? 'The supervisor does not answer either: nothing restarts the trader. Stops stay at the venue.'
    : 'Waiting for the trader; the supervisor restarts it, and it comes back HALTED.';
}

/** One line of plain words: the newest event, or why nothing happens. */
function nowLine({ closeAll, marketData, activity, notTrading }: TraderStatus): string {
  if (closeAll === 'running') return 'Closing every position; reading back until flat is proven.';
  if (closeAll === 'escalated') return 'NOT FLAT: a close-all could not be finished. See the activity list.';
  if (marketData.state === 'down' && marketData.kind !== 'recorded')
    return 'No market data. Nothing is entered until prices are back.';
  return activity[0]?.text ?? notTrading[0]?.reason ?? 'Watching prices; nothing has happened yet.';
}
