/** Stop, close-all and resume from the page: pressing them, and what came of it. */
import { useRef, useState } from 'preact/hooks';
import type { OperationResult, TraderStatus } from '../api/shapes.js';
import type { Asked, Button, DeskApi } from '../connection/desk-api.js';
import { asProblem, type Problem } from '../connection/problem.js';
import { CLOCK, timeOfDay } from '../format.js';
import { useInSight } from './action.js';
import { RunLink } from './links.js';
import { readable, sentence, Words } from './words.js';

export type Pressed = { readonly button: Button; readonly atMs: number } & (
  | { readonly outcome: OperationResult }
  | { readonly problem: Problem }
);

export interface Buttons {
  readonly pressed: ReadonlySet<Button>;
  readonly result: Pressed | null;
  readonly press: (button: Button, asked: Asked) => void;
  readonly dismiss: () => void;
}

/** A button can be pressed again while its request is in progress: a stop is never refused because one is running. */
export function useButtons(api: DeskApi): Buttons {
  const [pressed, setPressed] = useState<readonly Button[]>([]);
  const [result, setResult] = useState<Pressed | null>(null);
  const press: (...given: Parameters<Buttons['press']>) => Promise<void> = async (button, asked) => {
    setPressed((before) => [...before, button]);
    try {
      const outcome = await api.press(button, asked);
      setResult({ button, atMs: Date.now(), outcome });
    } catch (error) {
      setResult({ button, atMs: Date.now(), problem: asProblem(error) });
    } finally {
      setPressed((before) => without(before, button));
    }
  };
  return {
    pressed: new Set(pressed),
    result,
    press: (...given) => void press(...given),
    dismiss: () => setResult(null),
  };
}

function without(list: readonly Button[], one: Button): readonly Button[] {
  const at = list.indexOf(one);
  return list.filter((_, index) => index !== at);
}

type Standing = Pick<TraderStatus, 'mode' | 'haltId'> | null;

const NAMES = { stop: 'Stop', 'close-all': 'Close all', resume: 'Resume' } as const;

/** The outcome of a button: what was proven, what was not, what to do. */
export function Outcome({
  pressed,
  status,
  onDismiss,
}: {
  readonly pressed: Pressed | null;
  readonly status: Standing;
  readonly onDismiss: () => void;
}) {
  const isPast = useIsPast(pressed, status);
  return (
    <div class="result-place" role="status" aria-live="assertive" tabIndex={-1} ref={useInSight(pressed)}>
      {pressed !== null && (
        <div class={`notice outcome ${isPast ? 'soft' : toneOf(pressed)}`} data-testid="outcome">
          <div>
            {isPast && status !== null && (
              <p>
                <strong>The desk is {status.mode} now; this was before.</strong>
              </p>
            )}
            <OutcomeWords pressed={pressed} />
          </div>
          <button type="button" class="link" onClick={onDismiss}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}

export const OutcomeWords = ({ pressed }: { readonly pressed: Pressed }) =>
  'outcome' in pressed ? <Done {...pressed} /> : <Failed {...pressed} />;

/**
 * True once the desk has been as the outcome says and no longer is: “does not trade yet” must not stand beside ACTIVE.
 * The state comes by another way than the answer, before or after it.
 */
function useIsPast(pressed: Pressed | null, status: Standing): boolean {
  const about = useRef<{ pressed: Pressed | null; before: Standing; is: 'coming' | 'so' | 'past' } | null>(
    null,
  );
  if (about.current?.pressed !== pressed) about.current = { pressed, before: status, is: 'coming' };
  const seen = about.current;
  if (seen === null || pressed === null || status === null) return false;
  if (isAsSaid(pressed, status, seen.before)) {
    if (seen.is === 'coming') seen.is = 'so';
  } else if (seen.is === 'so') seen.is = 'past';
  return seen.is === 'past';
}

/** `before`: as it was when the answer came. */
function isAsSaid(pressed: Pressed, { mode, haltId }: NonNullable<Standing>, before: Standing): boolean {
  if ('outcome' in pressed && pressed.outcome.ok) {
    const { outcome, button } = pressed;
    if (button !== 'resume') return mode !== 'ACTIVE' && haltId === (outcome.haltId ?? haltId);
    if (outcome.proven) return mode === 'ACTIVE';
  }
  return mode === before?.mode && haltId === before.haltId;
}

export function toneOf(pressed: Pressed): 'go' | 'caution' | 'alarm' {
  if ('problem' in pressed) return 'alarm';
  return pressed.outcome.proven ? 'go' : 'caution';
}

type DoneProps = Extract<Pressed, { readonly outcome: OperationResult }>;

function Done({ button, outcome, atMs }: DoneProps) {
  const { proven, detail, haltId, workflowId, problems } = outcome;
  return (
    <div>
      <strong>
        {NAMES[button]}: {proven ? 'proven' : 'taken, not proven yet'}
      </strong>{' '}
      <At ms={atMs} /> {sentence(readable(detail))}
      {problems.map((problem) => (
        <p key={problem}>{readable(problem)}</p>
      ))}
      <p class="soft ids">
        {haltId !== null && <span>halt {haltId.slice(0, 8)}</span>}
        {workflowId !== null && (
          <span>
            workflow {workflowId} <RunLink workflowId={workflowId} />
          </span>
        )}
      </p>
    </div>
  );
}

type FailedProps = Extract<Pressed, { readonly problem: Problem }>;

function Failed({ button, problem, atMs }: FailedProps) {
  return (
    <div>
      <strong>
        {NAMES[button]}: {problem.title}
      </strong>{' '}
      <At ms={atMs} /> {readable(problem.message)}
      {problem.notes.map((note) => (
        <p key={note}>{readable(note)}</p>
      ))}
      <p>{problem.keptSafe}</p>
      <p>
        <b>
          <Words text={problem.doThis} />
        </b>
      </p>
    </div>
  );
}

const At = ({ ms }: { readonly ms: number }) => (
  <span class="soft">
    {timeOfDay(ms)} {CLOCK}
  </span>
);
