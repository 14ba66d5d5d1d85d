import type { TraderStatus } from '../api/shapes.js';
import { CLOCK, day, timeOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';
import { readable } from './words.js';

export function Activity({ activity }: Pick<TraderStatus, 'activity'>) {
  const today = day(activity[0]?.marketMs ?? 0);
  const when = (ms: number): string => (day(ms) === today ? '' : `${day(ms).slice(5)} `) + timeOfDay(ms);
  return (
    <Panel title="What happened" area="activity" aside={<span class="soft">market time, {CLOCK}</span>}>
      {activity.length === 0 ? (
        <Empty>Nothing yet.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <ol class="activity" tabIndex={0}>
          {activity.map(({ wallMs, marketMs, text }) => (
            <li key={`${wallMs} ${marketMs} ${text}`}>
              <time dateTime={new Date(marketMs).toISOString()}>{when(marketMs)}</time>
              <span>{readable(text)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
