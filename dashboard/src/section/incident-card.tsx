import { useState } from 'preact/hooks';
import type { Incident, IncidentShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { type Polled, usePolled } from '../connection/use-polled.js';
import { age, CLOCK, day, minuteOfDay, timeOfDay } from '../format.js';
import { DocumentLink, RunLink } from '../view/links.js';
import { Empty } from '../view/panel.js';
import { readable } from '../view/words.js';

/** The phase until a playbook shows one; without a playbook it stays. */
const NO_PLAYBOOK = 'beginning';

interface IncidentCardProps {
  readonly api: DeskApi;
  readonly incident: Incident;
  /** Whether its timeline is open from the start. */
  readonly shown: boolean;
  readonly onAsk: ((kind: 'acknowledge' | 'resolve') => void) | null;
}

export function IncidentCard({ api, incident, shown, onAsk }: IncidentCardProps) {
  const [open, setOpen] = useState(shown);
  const { title, severity, state, detail, phase, openedMs, resolvedMs, resolvedBy, outcome } = incident;
  const tone = state === 'resolved' ? 'soft' : severity === 'critical' ? 'alarm' : 'caution';
  return (
    <li class="card-line">
      <div class="card-head">
        <span class={`lamp ${tone}`}>
          <b>{title}</b>
        </span>
        <span class="soft">
          {severity}, opened {day(openedMs)} {minuteOfDay(openedMs)} {CLOCK}{' '}
          <RunLink workflowId={incident.workflowId} />
        </span>
      </div>
      <p>
        {readable(detail)} <DocumentLink to={`WOKEN#${incident.about}`}>What to do</DocumentLink>
      </p>
      {state === 'resolved' ? (
        <p class="soft">
          Resolved {resolvedMs !== null && `after ${age(resolvedMs - openedMs)}`}
          {resolvedBy !== null && ` by ${resolvedBy}`}: {readable(outcome)}
        </p>
      ) : (
        <>
          <p>
            <Answered incident={incident} />
          </p>
          {phase !== NO_PLAYBOOK && (
            <p>
              <span class="label">Playbook</span> {phase}
            </p>
          )}
        </>
      )}
      {onAsk !== null && (
        <div class="card-buttons">
          {state === 'open' && (
            <button type="button" class="button small primary" onClick={() => onAsk('acknowledge')}>
              I have it…
            </button>
          )}
          <button type="button" class="button small" onClick={() => onAsk('resolve')}>
            Resolve…
          </button>
        </div>
      )}
      <details open={shown} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Timeline and evidence</summary>
        {open && <Timeline api={api} incident={incident} />}
      </details>
    </li>
  );
}

function Answered({ incident }: { readonly incident: Incident }) {
  const { acknowledgedBy, acknowledgedMs, respondByMs, escalations } = incident;
  if (acknowledgedBy !== null) {
    return (
      <span class="soft">
        <b>{acknowledgedBy}</b> has it
        {acknowledgedMs !== null && ` since ${day(acknowledgedMs)} ${minuteOfDay(acknowledgedMs)} ${CLOCK}`}
      </span>
    );
  }
  const leftMs = respondByMs - Date.now();
  return (
    <span class={leftMs < 0 ? 'lamp alarm' : 'soft'}>
      {leftMs < 0
        ? `Nobody has it; ${age(-leftMs)} past the response time`
        : `Nobody has it yet; to be answered within ${age(leftMs)}`}
      {escalations > 0 && `, escalated ${escalations}×`}
    </span>
  );
}

function Timeline({ api, incident }: { readonly api: DeskApi; readonly incident: Incident }) {
  const shown: Polled<IncidentShown> = usePolled(() => api.incident(incident.id), 5_000, incident.revision);
  if (shown.value === null) return <Empty>{shown.problem?.message ?? 'Reading the evidence…'}</Empty>;
  const { timeline, alerts, files, tasks, contacts } = shown.value;
  return (
    <>
      {tasks.length > 0 && (
        <>
          <p class="label">Waits for a person</p>
          <ul class="what">
            {tasks.map(({ id, title, detail, dueMs }) => (
              <li key={id}>
                <b>{title}</b> {readable(detail)}{' '}
                <span class="soft">
                  due {day(dueMs)} {minuteOfDay(dueMs)} {CLOCK}
                </span>{' '}
                <a href="#/people">Done? Say so under Waiting</a>
              </li>
            ))}
          </ul>
        </>
      )}
      {contacts.length > 0 && incident.state !== 'resolved' && (
        <>
          <p class="label">Whom to call</p>
          <ul class="what">
            {contacts.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
      <ol class="activity">
        {timeline.map(({ evidenceId, atMs, name, observed, person }) => (
          <li key={evidenceId}>
            <time dateTime={new Date(atMs).toISOString()}>
              {day(atMs)} {timeOfDay(atMs)}
            </time>
            <span>
              <b>{name}</b> {person !== null && `(${person})`} {readable(observed)}
            </span>
          </li>
        ))}
      </ol>
      {alerts.length > 0 && (
        <>
          <p class="label">Reported by</p>
          <ul class="what">
            {alerts.map(({ source, detail, times }) => (
              <li key={`${source} ${detail}`}>
                {source}
                {detail !== '' && `: ${readable(detail)}`}{' '}
                {times > 1 && <span class="soft">{times} times</span>}
              </li>
            ))}
          </ul>
        </>
      )}
      {files.map(({ name, content }) => (
        <details key={name}>
          <summary>{name}</summary>
          <pre class="file">{content}</pre>
        </details>
      ))}
    </>
  );
}
