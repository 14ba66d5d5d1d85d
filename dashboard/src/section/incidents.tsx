import { useState } from 'preact/hooks';
import type { DeskApi, Incident, IncidentShown } from '../connection/desk-api.js';
import { type Polled, usePolled } from '../connection/use-polled.js';
import { ago, day, minuteOfDay, timeOfDay } from '../format.js';
import { ActionNotice } from '../view/action-notice.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { useAction } from '../view/use-action.js';

interface IncidentsProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
}

type Asked =
  | { readonly kind: 'acknowledge' | 'resolve'; readonly incident: Incident }
  | { readonly kind: 'report' };

const WORDS = {
  acknowledge: { title: 'I have it', go: 'Acknowledge', label: 'What you are doing about it' },
  resolve: { title: 'Declare it over', go: 'It is over', label: 'Why it is over' },
  report: { title: 'Report an incident', go: 'Report', label: 'What is wrong, in one line' },
} as const;

export function Incidents({ api, roles }: IncidentsProps) {
  const [looked, setLooked] = useState(0);
  const incidents = usePolled(() => api.incidents(), 5_000, looked);
  const [asked, setAsked] = useState<Asked | null>(null);
  const action = useAction();
  const mayAnswer = roles.some((role) => role === 'operator' || role === 'approver');
  const all = incidents.value?.incidents ?? [];
  const lasting = all.filter(({ state }) => state !== 'resolved');
  const over = all.filter(({ state }) => state === 'resolved');
  const send = async (what: Asked, note: string): Promise<void> => {
    setAsked(null);
    await action.run(async () => {
      if (what.kind === 'report') return { text: (await api.reportIncident(note)).detail };
      return { text: (await api.answerIncident(what.incident.id, what.kind, note)).detail };
    });
    setLooked((before) => before + 1);
  };
  const report = (
    <button
      type="button"
      class="button small"
      disabled={!mayAnswer}
      onClick={() => setAsked({ kind: 'report' })}
    >
      Report…
    </button>
  );
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Lasting" area="section" aside={report} problem={incidents.problem}>
        {lasting.length === 0 && (
          <Empty>{incidents.value === null ? 'Reading…' : 'No incident. Nothing waits for an answer.'}</Empty>
        )}
        <ul class="cards">
          {lasting.map((incident) => (
            <IncidentCard
              key={`${incident.workflowId} ${incident.firstRunId}`}
              api={api}
              incident={incident}
              onAsk={mayAnswer ? (kind) => setAsked({ kind, incident }) : null}
            />
          ))}
        </ul>
      </Panel>
      <Panel title="Over" area="section" aside={over.length || ''}>
        {over.length === 0 && <Empty>None yet.</Empty>}
        <ul class="cards">
          {over.map((incident) => (
            <IncidentCard
              key={`${incident.workflowId} ${incident.firstRunId}`}
              api={api}
              incident={incident}
              onAsk={null}
            />
          ))}
        </ul>
      </Panel>
      {asked !== null && (
        <ReasonDialog
          title={
            asked.kind === 'report'
              ? WORDS.report.title
              : `${WORDS[asked.kind].title}: ${asked.incident.title}`
          }
          label={WORDS[asked.kind].label}
          go={WORDS[asked.kind].go}
          onGo={(note) => void send(asked, note)}
          onCancel={() => setAsked(null)}
        >
          {asked.kind !== 'report' && <p>{asked.incident.detail}</p>}
        </ReasonDialog>
      )}
    </div>
  );
}

interface IncidentCardProps {
  readonly api: DeskApi;
  readonly incident: Incident;
  readonly onAsk: ((kind: 'acknowledge' | 'resolve') => void) | null;
}

function IncidentCard({ api, incident, onAsk }: IncidentCardProps) {
  const [open, setOpen] = useState(false);
  const { title, severity, state, detail, phase, openedMs, resolvedMs, resolvedBy, outcome } = incident;
  const tone = state === 'resolved' ? 'soft' : severity === 'critical' ? 'alarm' : 'caution';
  return (
    <li class="card-line">
      <div class="card-head">
        <span class={`lamp ${tone}`}>
          <b>{title}</b>
        </span>
        <span class="soft">
          {severity}, {day(openedMs)} {minuteOfDay(openedMs)} UTC
        </span>
      </div>
      <p>{detail}</p>
      {state === 'resolved' ? (
        <p class="soft">
          Over {resolvedMs !== null && `after ${ago(resolvedMs - openedMs)}`}
          {resolvedBy !== null && `, by ${resolvedBy}`}: {outcome}
        </p>
      ) : (
        <p>
          <span class="label">Now</span> {phase} <Answered incident={incident} />
        </p>
      )}
      {onAsk !== null && (
        <div class="card-buttons">
          {state === 'open' && (
            <button type="button" class="button small primary" onClick={() => onAsk('acknowledge')}>
              I have it…
            </button>
          )}
          <button type="button" class="button small" onClick={() => onAsk('resolve')}>
            It is over…
          </button>
        </div>
      )}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>What happened</summary>
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
        {acknowledgedBy} has it since {acknowledgedMs === null ? '' : minuteOfDay(acknowledgedMs)} UTC
      </span>
    );
  }
  const leftMs = respondByMs - Date.now();
  return (
    <span class={leftMs < 0 ? 'lamp alarm' : 'soft'}>
      {leftMs < 0
        ? `nobody has answered for ${ago(-leftMs)} too long`
        : `to be answered within ${ago(leftMs)}`}
      {escalations > 0 && `, escalated ${escalations}×`}
    </span>
  );
}

function Timeline({ api, incident }: { readonly api: DeskApi; readonly incident: Incident }) {
  const shown: Polled<IncidentShown> = usePolled(() => api.incident(incident.id), 5_000, incident.revision);
  if (shown.value === null) return <Empty>{shown.problem?.message ?? 'Reading the evidence…'}</Empty>;
  const { timeline, alerts, files } = shown.value;
  return (
    <>
      <ol class="activity">
        {timeline.map(({ evidenceId, atMs, name, observed, person }) => (
          <li key={evidenceId}>
            <time dateTime={new Date(atMs).toISOString()}>{timeOfDay(atMs)}</time>
            <span>
              <b>{name}</b> {person !== null && `(${person})`} {observed}
            </span>
          </li>
        ))}
      </ol>
      {alerts.length > 0 && (
        <p class="soft">
          Seen:{' '}
          {alerts
            .map(({ source, detail, times }) => `${source}: ${detail}${times > 1 ? ` (${times}×)` : ''}`)
            .join('; ')}
        </p>
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
