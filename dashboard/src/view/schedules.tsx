import type { ScheduledRun } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';

export function Schedules({ schedules }: { readonly schedules: Polled<readonly ScheduledRun[]> }) {
  const list = inOrder(schedules.value ?? []).filter(({ when }) => when === 'timed');
  return (
    <Panel title="Next" area="next" problem={schedules.problem} aside={<ClockOf schedules={list} />}>
      {list.length === 0 && schedules.problem === null ? (
        <Empty>{schedules.value === null ? 'Reading the schedules…' : 'Nothing is scheduled.'}</Empty>
      ) : (
        <ul class="lines">
          {list.map(({ scheduleId, title, nextMarketMs, paused, note }) => (
            <li key={scheduleId}>
              <span>{title}</span>
              {paused ? (
                <span class="lamp caution">paused{note && `: ${note}`}</span>
              ) : (
                <span class="number soft">
                  {nextMarketMs === null ? 'not due' : `${day(nextMarketMs)} ${minuteOfDay(nextMarketMs)}`}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The time zone of the times beside it. */
export function ClockOf({ schedules }: { readonly schedules: readonly ScheduledRun[] }) {
  const market = schedules.some(({ clock }) => clock === 'market');
  return <span class="soft">{market ? `market time, ${CLOCK}` : CLOCK}</span>;
}

/** The next run first, paused ones last. */
export function inOrder(schedules: readonly ScheduledRun[]): readonly ScheduledRun[] {
  const due = ({ nextMarketMs }: ScheduledRun): number => nextMarketMs ?? Number.POSITIVE_INFINITY;
  return [...schedules].sort((a, b) => (due(a) === due(b) ? 0 : due(a) - due(b)));
}
