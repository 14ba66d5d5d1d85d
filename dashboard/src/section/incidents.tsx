import { useEffect, useState } from 'preact/hooks';
import { INCIDENT_TITLE_MAX } from '../api/openapi.js';
import type { Incident } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { ActionNotice, useAction } from '../view/action.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { readable } from '../view/words.js';
import { IncidentCard } from './incident-card.js';

interface IncidentsProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
}

type Asked =
  | { readonly kind: 'acknowledge' | 'resolve'; readonly incident: Incident }
  | { readonly kind: 'report' };

/** An incident is open before it can be read: its run has yet to store it. */
const AWAITED_MS = 30_000;

const WORDS = {
  acknowledge: { title: 'I have it', go: 'Acknowledge', label: 'What you are doing about it' },
  resolve: { title: 'Resolve the incident?', go: 'Resolve', label: 'Why it is over' },
  report: {
    title: 'Report an incident',
    go: 'Report',
    label: `What is wrong, in one line of at most ${INCIDENT_TITLE_MAX} characters`,
  },
} as const;

export function Incidents({ api, roles }: IncidentsProps) {
  const [looked, setLooked] = useState(0);
  const [awaited, setAwaited] = useState<string | null>(null);
  const incidents = usePolled(() => api.incidents(), awaited === null ? 5_000 : 500, looked);
  const [kind, setKind] = useState('');
  const [asked, setAsked] = useState<Asked | null>(null);
  const action = useAction();
  const mayAnswer = roles.some((role) => role === 'operator' || role === 'approver');
  const all = incidents.value?.incidents ?? [];
  const ownKinds = incidents.value?.kinds ?? [];
  const lasting = all.filter(({ state }) => state !== 'resolved');
  const over = all.filter(({ state }) => state === 'resolved');
  const isThere = awaited !== null && all.some(({ id }) => id === awaited);
  useEffect(() => {
    if (awaited === null) return;
    const timer = setTimeout(() => setAwaited(null), isThere ? 0 : AWAITED_MS);
    return () => clearTimeout(timer);
  }, [awaited, isThere]);
  const send = async (what: Asked, note: string): Promise<void> => {
    setAsked(null);
    await action.run(async () => {
      if (what.kind === 'report') {
        const { detail, incident } = await api.reportIncident(note, kind);
        setAwaited(incident);
        return { text: detail };
      }
      return { text: (await api.answerIncident(what.incident.id, what.kind, note)).detail };
    });
    setLooked((before) => before + 1);
  };
  const report = (
    <button
      type="button"
      class="button small"
      disabled={!mayAnswer}
      onClick={() => {
        setKind('');
        setAsked({ kind: 'report' });
      }}
    >
      Report…
    </button>
  );
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Open" area="section" aside={report} problem={incidents.problem}>
        {awaited !== null && !isThere && <Empty>What was reported is being written down…</Empty>}
        {lasting.length === 0 && awaited === null && (
          <Empty>{incidents.value === null ? 'Reading…' : 'No incident. Nothing waits for an answer.'}</Empty>
        )}
        <Cards api={api} incidents={lasting} firstShown onAsk={mayAnswer ? setAsked : null} />
      </Panel>
      <Panel title="Resolved" area="section" aside={over.length || ''}>
        {over.length === 0 && <Empty>None yet.</Empty>}
        <Cards api={api} incidents={over} firstShown={false} onAsk={null} />
      </Panel>
      {asked !== null && (
        <ReasonDialog
          title={WORDS[asked.kind].title}
          label={WORDS[asked.kind].label}
          go={WORDS[asked.kind].go}
          mayBeEmpty={asked.kind !== 'report'}
          {...(asked.kind === 'report' ? { maxLength: INCIDENT_TITLE_MAX } : {})}
          choice={
            asked.kind === 'report' &&
            ownKinds.length > 0 && (
              <label>
                What it is
                <select name="kind" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
                  <option value="">Something else: a person says what to do</option>
                  {ownKinds.map((own) => (
                    <option key={own.kind} value={own.kind}>
                      {own.title}: its playbook is carried out
                    </option>
                  ))}
                </select>
              </label>
            )
          }
          onGo={(note) => void send(asked, note)}
          onCancel={() => setAsked(null)}
        >
          {asked.kind !== 'report' && (
            <>
              <p>
                <b>{asked.incident.title}</b>
              </p>
              <p>{readable(asked.incident.detail)}</p>
            </>
          )}
        </ReasonDialog>
      )}
    </div>
  );
}

interface CardsProps {
  readonly api: DeskApi;
  readonly incidents: readonly Incident[];
  /** Whether the timeline of the first one is open. */
  readonly firstShown: boolean;
  /** Null: there is nothing to answer, or this person may not. */
  readonly onAsk: ((asked: Asked) => void) | null;
}

function Cards({ api, incidents, firstShown, onAsk }: CardsProps) {
  return (
    <ul class="cards">
      {incidents.map((incident, at) => (
        <IncidentCard
          shown={firstShown && at === 0}
          key={`${incident.workflowId} ${incident.firstRunId}`}
          api={api}
          incident={incident}
          onAsk={onAsk === null ? null : (kind) => onAsk({ kind, incident })}
        />
      ))}
    </ul>
  );
}
