import type { DeskApi, GoLiveShown } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { day, minuteOfDay } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { Stat } from './strategies.js';

export function GoLiveState({ api }: { readonly api: DeskApi }) {
  const state = usePolled(() => api.goLive(), 10_000, 'go-live');
  const { value } = state;
  return (
    <Panel title="Real money" area="section" problem={state.problem}>
      {value === null ? <Empty>Reading…</Empty> : <State value={value} />}
    </Panel>
  );
}

function State({ value }: { readonly value: GoLiveShown }) {
  const { mode, granted, approvers, needed, attempts, progress, problems } = value;
  return (
    <>
      {problems.map((problem) => (
        <p key={problem} class="notice caution">
          {problem}
        </p>
      ))}
      <dl class="stats">
        <Stat label="This desk" value={mode === 'live' ? 'real money' : 'paper money'} />
        <Stat label="Permission of the trader" value={granted === null ? 'none' : 'granted'} />
        <Stat label="Approvals needed" value={`${needed} of ${approvers.length}`} />
        {progress !== null && <Stat label="Now" value={progress.phase} />}
      </dl>
      {progress !== null && <p>{progress.detail}</p>}
      {attempts.length === 0 && problems.length === 0 && (
        <Empty>
          No attempt yet. A desk file with <code>mode: live</code> is needed; then{' '}
          <code>fermata go-live</code>.
        </Empty>
      )}
      <ul class="lines">
        {attempts.map(({ workflowId, release, attempt, askedBy, state, detail, startedMs }) => (
          <li key={workflowId}>
            <span>
              <b>
                {release}, attempt {attempt}
              </b>{' '}
              <span class="soft">{detail}</span>
            </span>
            <span class="soft">
              {state}, {askedBy} {day(startedMs)} {minuteOfDay(startedMs)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
