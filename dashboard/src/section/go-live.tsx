import { useState } from 'preact/hooks';
import type { PreflightReport, StoredPeriod, ValidationShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { type Polled, usePolled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay, placed, signed, timeOfDay } from '../format.js';
import { typed } from '../typed.js';
import { ActionNotice, doneOf, useAction } from '../view/action.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { Steps } from '../view/steps.js';
import { GoLiveState } from './go-live-state.js';

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
      <GoLiveState
        api={api}
        roles={roles}
        state={state}
        preflight={preflight.value}
        validations={reports}
        action={action}
      />
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

const PREFLIGHT_WORDS = {
  pass: ['go', 'Every check passes.'],
  warn: ['caution', 'Nothing forbids a start with real money; some things are worth a look.'],
  fail: ['alarm', 'A start with real money is refused.'],
} as const;

function Preflight({ preflight }: { readonly preflight: Polled<PreflightReport> }) {
  const report = preflight.value;
  const aside = report !== null && (
    <span class="soft">
      looked at {timeOfDay(report.atMs)} {CLOCK}
    </span>
  );
  return (
    <Panel title="Pre-flight" area="section" aside={aside} problem={preflight.problem}>
      {report === null ? <Empty>Asking the exchange…</Empty> : <PreflightResults report={report} />}
    </Panel>
  );
}

function PreflightResults({ report }: { readonly report: PreflightReport }) {
  const [look, words] = PREFLIGHT_WORDS[report.verdict];
  return (
    <>
      <p class={`lamp ${look}`}>{words}</p>
      <Steps steps={report.results.map((result) => ({ ...result, name: result.title }))} />
    </>
  );
}

function Validation({ report }: { readonly report: ValidationShown }) {
  const { recommendation, createdMs, requestedBy, market, results, verdicts, reasons, goLive } = report;
  const said = new Set(verdicts.map(({ text }) => text));
  const more = reasons.filter((reason) => !said.has(reason));
  return (
    <li class="card-line">
      <div class="card-head">
        <span class={`lamp ${recommendation === 'GO' ? 'go' : 'alarm'}`}>
          <b>{recommendation}</b>
        </span>
        <span class="soft">
          {day(createdMs)} {minuteOfDay(createdMs)} {CLOCK}, asked by {requestedBy}
        </span>
      </div>
      <p>
        {results.trades} trades, {signed(placed(results.netProfit, results.currency))} {results.currency}{' '}
        after fees, on {market.label}
      </p>
      <ul class="verdicts">
        {verdicts.map(({ name, passed, text }) => (
          <li key={name} class={`lamp ${passed ? 'go' : 'alarm'}`}>
            {text}
          </li>
        ))}
      </ul>
      {more.length > 0 && (
        <p>
          <span class="label">NO-GO also because</span> {more.join('; ')}
        </p>
      )}
      {!goLive.qualifies && goLive.because.length > 0 && (
        <p class="soft">Does not count for real money: {goLive.because.join('; ')}</p>
      )}
    </li>
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
