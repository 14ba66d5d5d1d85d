import type { DeskApi, ValidationShown } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { day, minuteOfDay, signed } from '../format.js';
import { Empty, Panel } from '../view/panel.js';
import { GoLiveState } from './go-live-state.js';
import { Preflight } from './preflight.js';

interface GoLiveProps {
  readonly api: DeskApi;
}

/** What stands between this desk and real money. */
export function GoLive({ api }: GoLiveProps) {
  const validations = usePolled(() => api.validations(), 15_000, 'validations');
  const list = validations.value?.validations ?? [];
  return (
    <div class="sections">
      <GoLiveState api={api} />
      <Preflight api={api} />
      <Panel title="Validation reports" area="section" problem={validations.problem}>
        {list.length === 0 ? (
          <Empty>
            {validations.value === null ? (
              'Reading…'
            ) : (
              <>
                None yet. In a terminal: <code>fermata validate --duration=48h</code>
              </>
            )}
          </Empty>
        ) : (
          <ul class="cards">
            {list.map((report) => (
              <Report key={report.id} report={report} />
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}

function Report({ report }: { readonly report: ValidationShown }) {
  const { recommendation, createdMs, requestedBy, market, results, verdicts, reasons, goLive } = report;
  return (
    <li class="card-line">
      <div class="card-head">
        <span class={`lamp ${recommendation === 'GO' ? 'go' : 'alarm'}`}>
          <b>{recommendation}</b>
        </span>
        <span class="soft">
          {day(createdMs)} {minuteOfDay(createdMs)} UTC, asked by {requestedBy}
        </span>
      </div>
      <p>
        {results.trades} trades, {signed(results.netProfit)} {results.currency} after fees, on {market.label}
      </p>
      <ul class="verdicts">
        {verdicts.map(({ name, passed, text }) => (
          <li key={name} class={`lamp ${passed ? 'go' : 'alarm'}`}>
            {text}
          </li>
        ))}
      </ul>
      {reasons.length > 0 && (
        <p>
          <span class="label">NO-GO because</span> {reasons.join('; ')}
        </p>
      )}
      {!goLive.qualifies && goLive.because.length > 0 && (
        <p class="soft">Does not count for real money: {goLive.because.join('; ')}</p>
      )}
    </li>
  );
}
