import type { LiveState } from '../../../src/api/live/status-watch.js';
import type { Button } from '../connection/desk-api.js';
import { timeOfDay } from '../format.js';
import { sentence } from './words.js';

interface ModeBandProps {
  readonly state: LiveState;
  /** Buttons whose request is under way. */
  readonly pressed: ReadonlySet<Button>;
  readonly onStop: () => void;
  readonly onAsk: (button: 'close-all' | 'resume') => void;
}

/** What the desk may do, why, and the three buttons that change it. */
export function ModeBand({ state, pressed, onStop, onAsk }: ModeBandProps) {
  const { trader, status } = state;
  const mode = trader.reachable && status !== null ? status.mode : 'NO ANSWER';
  const reason = trader.reachable
    ? (status?.reason ?? '')
    : `The trader does not answer since ${timeOfDay(trader.sinceWallMs)} UTC. Figures below are older.`;
  return (
    <section class="mode-band" aria-label="Mode">
      <div class={`mode mode-${mode.toLowerCase().replace(' ', '-')}`} data-testid="mode">
        {mode}
      </div>
      <div class="mode-words">
        <p class="mode-reason" role="status" aria-live="assertive" aria-atomic="true">
          <span class="unseen">{mode}: </span>
          {sentence(reason)}
        </p>
        <p class="now">
          <span class="label">Now</span> {nowLine(state)}
        </p>
      </div>
      <fieldset class="buttons" aria-label="Emergency">
        <button
          type="button"
          class="button stop"
          onClick={onStop}
          aria-keyshortcuts="Shift+S"
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
          disabled={mode === 'ACTIVE'}
          aria-keyshortcuts="R"
          title={mode === 'ACTIVE' ? 'The desk is active' : 'Check again, then arm. Asks first. (R)'}
        >
          {pressed.has('resume') ? 'Resuming…' : 'Resume'}
        </button>
      </fieldset>
    </section>
  );
}

const STOP_TITLE =
  'At once: no new entries, pending entries cancelled; positions and their stops stay. (Shift+S)';

/** One line of plain words: the newest thing that happened, or why nothing does. */
function nowLine({ trader, status }: LiveState): string {
  if (!trader.reachable || status === null) return 'Waiting for the trader; the supervisor restarts it.';
  if (status.closeAll === 'running') return 'Closing every position; reading back until flat is proven.';
  if (status.closeAll === 'escalated')
    return 'NOT FLAT: a close-all could not be finished. See the activity list.';
  if (status.marketData.state === 'down') return 'No market data. Nothing is entered until prices are back.';
  return (
    status.activity[0]?.text ?? status.notTrading[0]?.reason ?? 'Watching prices; nothing has happened yet.'
  );
}
