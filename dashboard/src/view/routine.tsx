/** Routines on the desk's own page: the newest run, and what is next. */
import { useState } from 'preact/hooks';
import type { RoutineRun, RoutinesAnswer, ScheduledRun } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, dayAndMinute, minuteOfDay } from '../format.js';
import { RunLink } from './links.js';
import { Empty, Panel } from './panel.js';
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

export function Schedules({ schedules }: { readonly schedules: Polled<readonly ScheduledRun[]> }) {
  const list = inOrder(schedules.value ?? []).filter(({ when }) => when === 'timed' || when === 'trades');
  return (
    <Panel title="Next" area="next" problem={schedules.problem} aside={<ClockOf schedules={list} />}>
      {list.length === 0 && schedules.problem === null ? (
        <Empty>{schedules.value === null ? 'Reading the schedules…' : 'Nothing is scheduled.'}</Empty>
      ) : (
        <ul class="lines">
          {list.map((scheduled) => (
            <li key={scheduled.scheduleId}>
              <span>{scheduled.title}</span>
              {scheduled.paused ? (
                <span class="lamp caution">paused{scheduled.note && `: ${scheduled.note}`}</span>
              ) : (
                <span class="number soft">{dueText(scheduled) || 'not due'}</span>
              )}
              {scheduled.missed !== null && (
                <span class="missed">
                  <span class="lamp caution">Missed</span> {day(scheduled.missed.nominalMs)}{' '}
                  {minuteOfDay(scheduled.missed.nominalMs)}: {scheduled.missed.reason}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** By time, by the count of trades, or both; empty if nothing is due. */
export function dueText({ nextMarketMs, byTrades }: ScheduledRun): string {
  return [
    ...(nextMarketMs === null ? [] : [`${day(nextMarketMs)} ${minuteOfDay(nextMarketMs)}`]),
    ...(byTrades === null ? [] : [`after trade ${byTrades.next} (${byTrades.next - byTrades.closed} more)`]),
  ].join(', ');
}

/** The time zone of the times next to it. */
export function ClockOf({ schedules }: { readonly schedules: readonly ScheduledRun[] }) {
  const market = schedules.some(({ clock }) => clock === 'market');
  return <span class="soft">{market ? `market time, ${CLOCK}` : CLOCK}</span>;
}

/** The next run first; those without a next time last. */
export function inOrder(schedules: readonly ScheduledRun[]): readonly ScheduledRun[] {
  const due = ({ nextMarketMs }: ScheduledRun): number => nextMarketMs ?? Number.POSITIVE_INFINITY;
  return [...schedules].sort((a, b) => (due(a) === due(b) ? 0 : due(a) - due(b)));
}
