import type { TraderStatus } from '../api/shapes.js';
import { timeOfDay } from '../format.js';
import { Empty, Panel } from './panel.js';

export function Activity({ activity }: Pick<TraderStatus, 'activity'>) {
  return (
    <Panel title="What happened" area="activity" aside={<span class="soft">market time</span>}>
      {activity.length === 0 ? (
        <Empty>Nothing yet.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <ol class="activity" tabIndex={0}>
          {activity.map(({ wallMs, marketMs, text }) => (
            <li key={`${wallMs} ${marketMs} ${text}`}>
              <time dateTime={new Date(marketMs).toISOString()}>{timeOfDay(marketMs)}</time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
