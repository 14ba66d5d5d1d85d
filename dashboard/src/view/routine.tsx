import { useState } from 'preact/hooks';
import type { RoutineRun, RoutinesAnswer } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, dayAndMinute, minuteOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';
import { RunLink } from './run-link.js';
import { causeOf, RunSteps, Verdict } from './steps.js';

/** Runs that were due but never took place: listed apart, so that the latest actual run stays visible. */
function Missed({ runs }: { readonly runs: readonly RoutineRun[] }) {
  const times = runs.map(
    ({ title, nominalMs }) => `${title} ${day(nominalMs)} ${minuteOfDay(nominalMs)} ${CLOCK}`,
  );
  return (
    <p class="missed">
      <span class="lamp caution">Missed</span> {times.join(', ')}: later than the desk file allows
    </p>
  );
}

/** The newest run that took place, or the chosen one. */
export function Routine({ runs }: { readonly runs: Polled<RoutinesAnswer> }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const list = runs.value?.runs ?? [];
  const run =
    list.find(({ startedMs }) => startedMs === chosen) ??
    list.find(({ verdict }) => verdict !== 'missed') ??
    list[0];
  const missed = list.filter(
    ({ verdict, startedMs }) => verdict === 'missed' && startedMs !== run?.startedMs,
  );
  const choice = list.length > 1 && (
    <select
      aria-label="Run"
      value={String(run?.startedMs)}
      onChange={(event) => setChosen(Number(event.currentTarget.value))}
    >
      {list.map(({ title, startedMs, workflowId }) => (
        <option key={`${workflowId} ${startedMs}`} value={String(startedMs)}>
          {title} {dayAndMinute(startedMs)}
        </option>
      ))}
    </select>
  );
  return (
    <Panel title={run?.title ?? 'Routine'} area="routine" aside={choice} problem={runs.problem}>
      {run === undefined ? (
        <Empty>{runs.value === null ? 'Reading the evidence…' : 'No routine has run yet.'}</Empty>
      ) : (
        <>
          {missed.length > 0 && <Missed runs={missed} />}
          <p class="run-line">
            <Verdict verdict={run.verdict} />
            <span class="soft">
              {causeOf(run)}, begun {day(run.startedMs)} {minuteOfDay(run.startedMs)} {CLOCK}{' '}
            </span>
            <RunLink workflowId={run.workflowId} />
          </p>
          <RunSteps steps={run.steps} />
        </>
      )}
    </Panel>
  );
}
