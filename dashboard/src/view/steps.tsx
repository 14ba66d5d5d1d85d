import type { RoutineRun } from '../api/shapes.js';
import { CLOCK, day, timeOfDay } from '../format.js';
import { readable } from './words.js';

const VERDICT = {
  pass: ['Pass', 'go'],
  warn: ['Warn', 'caution'],
  fail: ['Fail', 'alarm'],
  not_run: ['Not run', 'soft'],
  missed: ['Missed', 'caution'],
} as const;

export function Verdict({ verdict }: { readonly verdict: RoutineRun['verdict'] }) {
  const [words, look] = verdict === null ? ['Running', 'info'] : VERDICT[verdict];
  return <span class={`lamp ${look}`}>{words}</span>;
}

interface StepShown {
  readonly key: string;
  readonly name: string;
  readonly verdict: RoutineRun['verdict'];
  readonly expected: string;
  readonly observed: string;
  readonly person?: string | null;

  readonly done?: { readonly startedMs: number; readonly finishedMs: number };
}

/** One line for each step, with its evidence below; open unless it passed. */
export function Steps({ steps }: { readonly steps: readonly StepShown[] }) {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li key={step.key}>
          <details open={step.verdict !== 'pass'}>
            <summary>
              <span class="step-name">{step.name}</span> <Verdict verdict={step.verdict} />
            </summary>
            <Evidence step={step} />
          </details>
        </li>
      ))}
    </ol>
  );
}

function Evidence({ step }: { readonly step: StepShown }) {
  const { expected, observed, person = null, done } = step;
  return (
    <dl>
      {expected !== '' && (
        <>
          <dt>Expected</dt>
          <dd>{readable(expected)}</dd>
        </>
      )}
      <dt>Observed</dt>
      <dd>{readable(observed)}</dd>
      {person !== null && (
        <>
          <dt>By</dt>
          <dd>{person}</dd>
        </>
      )}
      {done !== undefined && (
        <>
          <dt>Done</dt>
          <dd>
            {day(done.finishedMs)} {timeOfDay(done.finishedMs)} {CLOCK}, took{' '}
            {((done.finishedMs - done.startedMs) / 1000).toFixed(1)} s
          </dd>
        </>
      )}
    </dl>
  );
}

export function RunSteps({ steps }: Pick<RoutineRun, 'steps'>) {
  return <Steps steps={steps.map((step) => ({ ...step, done: step }))} />;
}

const CAUSES: Readonly<Record<string, string>> = {
  person: 'asked for by a person',
  start: 'at the start of the desk',
  schedule: 'by schedule',
  'market-clock': 'by schedule',
  trades: 'by the count of trades',
};

export function causeOf({ cause }: Pick<RoutineRun, 'cause'>): string {
  return CAUSES[cause] ?? cause;
}
