import type { ScheduledRun } from '../connection/desk-api.js';
import type { Polled } from '../connection/use-polled.js';
import { day, minuteOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';

export function Schedules({ schedules }: { readonly schedules: Polled<readonly ScheduledRun[]> }) {
  const list = schedules.value ?? [];
  return (
    <Panel title="Next" area="next" problem={schedules.problem}>
      {list.length === 0 && schedules.problem === null ? (
        <Empty>{schedules.value === null ? 'Reading the schedules…' : 'Nothing is scheduled.'}</Empty>
      ) : (
        <ul class="lines">
          {list.map(({ scheduleId, title, nextMarketMs, clock, paused, note }) => (
            <li key={scheduleId}>
              <span>{title}</span>
              {paused ? (
                <span class="lamp caution">paused{note && `: ${note}`}</span>
              ) : (
                <span class="number soft">
                  {nextMarketMs === null
                    ? 'not due'
                    : `${day(nextMarketMs)} ${minuteOfDay(nextMarketMs)} UTC`}
                  {clock === 'market' && ', market time'}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
