import type { LiveState } from '../../../src/api/live/status-watch.js';
import type { TraderStatus } from '../../../src/trader/protocol.js';
import { Panel } from './panel.js';

export function Limits({ risk }: Pick<TraderStatus, 'risk'>) {
  return (
    <Panel title="Limits" area="limits" aside={<span class="soft">now / limit</span>}>
      <ul class="lines">
        {risk.map(({ limit, value, now }) => (
          <li key={limit}>
            <span>{limit}</span>
            <span class="number">
              {now} <span class="soft">/ {value}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Processes({ processes }: Pick<LiveState, 'processes'>) {
  return (
    <Panel title="Processes" area="processes">
      {processes === null ? (
        <p class="lamp alarm">The supervisor does not answer.</p>
      ) : (
        <ul class="lines">
          {processes.map(({ name, state, pid, restarts }) => (
            <li key={name}>
              <span class={`lamp ${state === 'running' ? 'go' : state === 'down' ? 'alarm' : 'caution'}`}>
                {name}
              </span>
              <span class="number soft">
                {state === 'running' ? `pid ${pid ?? '–'}` : state}
                {restarts > 0 && `, restarted ${restarts}×`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
