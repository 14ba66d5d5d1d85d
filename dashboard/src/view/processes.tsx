import type { LiveState } from '../api/shapes.js';
import { Panel } from './panel.js';

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
                {state}
                {state === 'running' && `, pid ${pid ?? '–'}`}
                {restarts > 0 && `, restarted ${restarts}×`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
