import type { OperationResult } from '../api/shapes.js';
import type { Button } from '../connection/desk-api.js';
import type { Problem } from '../connection/problem.js';
import { RunLink } from './run-link.js';
import { useInSight } from './use-action.js';
import { readable, sentence, Words } from './words.js';

export type Pressed =
  | { readonly button: Button; readonly outcome: OperationResult }
  | { readonly button: Button; readonly problem: Problem };

const NAMES = { stop: 'Stop', 'close-all': 'Close all', resume: 'Resume' } as const;

/** The outcome of a button: what was proven, what was not, what to do. */
export function Outcome({
  pressed,
  onDismiss,
}: {
  readonly pressed: Pressed | null;
  readonly onDismiss: () => void;
}) {
  return (
    <div class="result-place" role="status" aria-live="assertive" tabIndex={-1} ref={useInSight(pressed)}>
      {pressed !== null && (
        <div class={`notice outcome ${toneOf(pressed)}`} data-testid="outcome">
          {'outcome' in pressed ? <Done {...pressed} /> : <Failed {...pressed} />}
          <button type="button" class="link" onClick={onDismiss}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}

function toneOf(pressed: Pressed): 'go' | 'caution' | 'alarm' {
  if ('problem' in pressed) return 'alarm';
  return pressed.outcome.proven ? 'go' : 'caution';
}

function Done({ button, outcome }: { readonly button: Button; readonly outcome: OperationResult }) {
  const { proven, detail, haltId, workflowId, problems } = outcome;
  return (
    <div>
      <strong>
        {NAMES[button]}: {proven ? 'proven' : 'taken, not proven yet'}
      </strong>{' '}
      {sentence(readable(detail))}
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

function Failed({ button, problem }: { readonly button: Button; readonly problem: Problem }) {
  return (
    <div>
      <strong>
        {NAMES[button]}: {problem.title}
      </strong>{' '}
      {readable(problem.message)}
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
