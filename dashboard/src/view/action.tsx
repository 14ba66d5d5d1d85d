import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { OperationResult } from '../api/shapes.js';
import { asProblem, type Problem } from '../connection/problem.js';
import { readable, Words } from './words.js';

/** The outcome of something that a person requested. */
export type ActionResult =
  | { readonly kind: 'done'; readonly text: string; readonly tone: 'go' | 'caution' }
  | { readonly kind: 'failed'; readonly problem: Problem };

export interface Action {
  readonly busy: boolean;
  readonly result: ActionResult | null;
  /** `work` resolves with what was done, in words. */
  readonly run: (work: () => Promise<Done>) => Promise<boolean>;
  readonly dismiss: () => void;
}

export interface Done {
  readonly text: string;
  readonly tone?: 'go' | 'caution';
}

/** Amber if it was accepted but not proven, or if there was a side problem. */
export function doneOf({
  proven,
  detail,
  problems,
}: Pick<OperationResult, 'proven' | 'detail'> & { readonly problems: readonly string[] }): Done {
  return { text: [detail, ...problems].join(' '), tone: proven && problems.length === 0 ? 'go' : 'caution' };
}

/** Text for an action that has not succeeded, by the dialog's title: nobody has to write it twice. */
export const unsentWords = new Map<string, string>();

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<ActionResult | null>(null);
  const run = async (work: () => Promise<Done>): Promise<boolean> => {
    setBusy(true);
    setResult(null);
    try {
      const { text, tone = 'go' } = await work();
      unsentWords.clear();
      setResult({ kind: 'done', text, tone });
      return true;
    } catch (error) {
      setResult({ kind: 'failed', problem: asProblem(error) });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, result, run, dismiss: () => setResult(null) };
}

/**
 * For the place that shows a result: the button may be far below it, and on a phone the buttons are in reach
 * wherever the page is scrolled to. A button that is gone, or was disabled meanwhile, has lost the focus:
 * people with a keyboard or a screen reader go on from here, not from the top of the page. The same applies
 * once the result is dismissed.
 */
export function useInSight(result: object | null) {
  const place = useRef<HTMLDivElement>(null);
  const told = useRef<object | null>(null);
  useLayoutEffect(() => {
    if (result !== null) place.current?.scrollIntoView({ block: 'nearest' });
    const isDismissed = result === null && told.current !== null;
    told.current = result;
    if (result === null && !isDismissed) return;
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  }, [result]);
  // Resume is disabled only once the desk says that it is active, which may come after the answer.
  useLayoutEffect(() => {
    const isLost = document.activeElement?.matches(':disabled') === true;
    if (result !== null && isLost) place.current?.focus({ preventScroll: true });
  });
  return place;
}

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
