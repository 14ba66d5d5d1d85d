import { useState } from 'preact/hooks';
import type { StoredPeriod } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { typed } from '../typed.js';
import { ActionNotice } from '../view/action-notice.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { doneOf, useAction } from '../view/use-action.js';
import { GoLiveButtons } from './go-live-buttons.js';
import { GoLiveState } from './go-live-state.js';
import { Preflight } from './preflight.js';
import { Validation } from './validation.js';

interface GoLiveProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
}

/** What is missing between this desk and real money. */
export function GoLive({ api, roles }: GoLiveProps) {
  const action = useAction();
  const state = usePolled(() => api.goLive(), 10_000, `go-live ${action.busy}`);
  const preflight = usePolled(() => api.preflight(), 60_000, 'preflight');
  const validations = usePolled(() => api.validations(), 15_000, 'validations');
  const reports = validations.value?.validations ?? null;
  const running = validations.value?.running ?? [];
  const [asking, setAsking] = useState(false);
  const validate = roles.includes('operator') && (
    <button type="button" class="button small" disabled={action.busy} onClick={() => setAsking(true)}>
      Start a validation…
    </button>
  );
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <GoLiveState state={state} preflight={preflight.value} validations={reports}>
        {state.value?.mode === 'live' && (
          <GoLiveButtons api={api} roles={roles} state={state.value} action={action} />
        )}
      </GoLiveState>
      <Preflight preflight={preflight} />
      <Panel title="Validation reports" area="section" aside={validate} problem={validations.problem}>
        {running.map(({ id, startedMs }) => (
          <p key={id}>
            Validation {id} has been running since {day(startedMs)} {minuteOfDay(startedMs)} {CLOCK}; its
            report comes by itself.
          </p>
        ))}
        {reports === null || (reports.length === 0 && running.length === 0) ? (
          <Empty>
            {reports === null ? (
              'Reading…'
            ) : (
              <>
                None yet. In a terminal: <code>{typed('validate --duration=48h')}</code>
              </>
            )}
          </Empty>
        ) : (
          <ul class="cards">
            {reports.map((report) => (
              <Validation key={report.id} report={report} />
            ))}
          </ul>
        )}
      </Panel>
      {asking && (
        <ValidationDialog
          api={api}
          onGo={(hours, stored) => {
            setAsking(false);
            void action.run(async () => doneOf(await api.startValidation(hours, stored)));
          }}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/** As the runbook requires. */
const HOURS = 48;
const HOURS_MAX = 8_784;

const hoursOf = ({ fromMs, untilMs }: StoredPeriod): number =>
  Math.min(HOURS_MAX, Math.floor((untilMs - fromMs) / 3_600_000));

interface ValidationDialogProps {
  readonly api: DeskApi;
  /** `stored`: name of a stored period; null: the desk's current prices. */
  readonly onGo: (hours: number, stored: string | null) => void;
  readonly onCancel: () => void;
}

function ValidationDialog({ api, onGo, onCancel }: ValidationDialogProps) {
  const [hours, setHours] = useState(String(HOURS));
  const [stored, setStored] = useState('');
  const periods = usePolled(() => api.storedPeriods(), 60_000, 'stored periods').value ?? [];
  const period = periods.find(({ name }) => name === stored);
  const hoursMax = period === undefined ? HOURS_MAX : hoursOf(period);
  const choose = (name: string): void => {
    const chosen = periods.find((one) => one.name === name);
    setStored(name);
    setHours(String(chosen === undefined ? HOURS : hoursOf(chosen)));
  };
  return (
    <ReasonDialog
      title="Start a validation?"
      label={null}
      go="Start"
      // A period that has disappeared meanwhile is refused by name, and never replaced by other prices.
      onGo={() => onGo(Number(hours), stored === '' ? null : stored)}
      onCancel={onCancel}
      choice={
        <>
          {periods.length > 0 && (
            <label>
              Prices
              <select value={stored} onChange={(event) => choose(event.currentTarget.value)}>
                <option value="">those that the desk has now</option>
                {periods.map(({ name, fromMs, untilMs }) => (
                  <option key={name} value={name}>
                    stored, {day(fromMs)} {minuteOfDay(fromMs)} to {day(untilMs)} {minuteOfDay(untilMs)}{' '}
                    {CLOCK}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label>
            Hours of market time
            <input
              name="hours"
              type="number"
              inputMode="numeric"
              min={1}
              max={hoursMax}
              step={1}
              required
              value={hours}
              onInput={(event) => setHours(event.currentTarget.value)}
            />
          </label>
        </>
      }
    >
      <p>
        Trades the desk’s strategies on paper, in an instance of its own, from now on or over stored minutes.
        On live prices it takes as long as the clock. The desk goes on meanwhile.
      </p>
    </ReasonDialog>
  );
}
