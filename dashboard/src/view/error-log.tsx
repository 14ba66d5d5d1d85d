import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { dayAndMinute } from '../format.js';
import { Empty, Panel } from './panel.js';

const HOURS = 24;

/** Errors in the logs of all processes; empty while all is well. */
export function ErrorLog({ api }: { readonly api: DeskApi }) {
  const { value, problem } = usePolled(() => api.errors(HOURS), 15_000, 'errors');
  const errors = value?.errors ?? [];
  return (
    <Panel
      title="Error log"
      area="errors"
      problem={problem}
      aside={
        value !== null && value.count > 0 ? (
          <span class="lamp alarm">{value.count}</span>
        ) : (
          <span class="soft">last {HOURS} hours</span>
        )
      }
    >
      {errors.length === 0 ? (
        <Empty>
          {value === null
            ? 'Reading the log…'
            : value.known
              ? 'No error.'
              : 'No log is kept on this machine.'}
        </Empty>
      ) : (
        <ol class="activity">
          {errors.map(({ atMs, role, message }, at) => (
            <li key={at}>
              {atMs !== null && <time dateTime={new Date(atMs).toISOString()}>{dayAndMinute(atMs)}</time>}
              <span>
                <b>{role}</b> {message}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
