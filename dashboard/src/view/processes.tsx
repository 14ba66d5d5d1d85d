import type { LiveState } from '../api/shapes.js';
import { inContainers } from '../typed.js';
import { DocumentLink } from './links.js';
import { Panel } from './panel.js';
import { Words } from './words.js';

const ALERT_TONES = { ok: 'go', refusing: 'alarm', silent: 'alarm', off: 'idle' } as const;

function NoSupervisor() {
  if (inContainers())
    return (
      <p class="soft">
        Each one is a container: <code>docker-compose ps</code>
      </p>
    );
  return (
    <>
      <p class="lamp alarm">The supervisor does not answer.</p>
      <p>
        If it is gone, nothing starts a process again that ends. The trader does what the desk file says (
        <code>supervisor.lostAction</code>), and stops stay at the venue.{' '}
        <DocumentLink to="WOKEN#supervisor-lost">What to do</DocumentLink>
      </p>
    </>
  );
}

export function Processes({ processes, alerts }: Pick<LiveState, 'processes' | 'alerts'>) {
  return (
    <Panel title="Processes" area="processes">
      {processes === null ? (
        <NoSupervisor />
      ) : (
        <ul class="lines">
          {processes.map(({ name, state, pid, restarts }) => (
            <li key={name}>
              <span class={`lamp ${state === 'running' ? 'go' : state === 'down' ? 'alarm' : 'caution'}`}>
                {name}
              </span>
              <span class="number soft">
                {state}
                {state === 'running' && `, pid ${pid ?? '–'}`}
                {restarts > 0 && `, restarted ${restarts}×`}
              </span>
            </li>
          ))}
        </ul>
      )}
      <ul class="lines" aria-label="Alerts">
        {alerts.map(({ channel, state, why }) => (
          <li key={channel}>
            <span class={`lamp ${ALERT_TONES[state]}`}>
              alerts {channel === 'mail' ? 'by mail' : `on ${channel}`}
            </span>
            <span class="soft">
              <Words text={state === 'ok' ? ['arrive', why].filter(Boolean).join('; ') : (why ?? state)} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
