import type { ScheduledRun } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';

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
