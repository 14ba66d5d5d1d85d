import { type Action, useInSight } from './use-action.js';
import { readable, Words } from './words.js';

/** Shown where the action was requested, and read aloud by screen readers. */
export function ActionNotice({ action: { result, dismiss } }: { readonly action: Action }) {
  return (
    <div class="result-place" role="status" aria-live="polite" tabIndex={-1} ref={useInSight(result)}>
      {result !== null && (
        <div class={`notice said ${result.kind === 'done' ? result.tone : 'alarm'}`} data-testid="said">
          {result.kind === 'done' ? (
            <p>{readable(result.text)}</p>
          ) : (
            <div>
              <strong>{result.problem.title}</strong> {readable(result.problem.message)}
              <p>{result.problem.keptSafe}</p>
              <p>
                <Words text={result.problem.doThis} />
              </p>
            </div>
          )}
          <button type="button" class="link" onClick={dismiss}>
            Dismiss
          </button>
        </div>
      )}
    </div>
  );
}
