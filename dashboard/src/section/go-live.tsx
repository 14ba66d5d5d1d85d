import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { Empty, Panel } from '../view/panel.js';
import { GoLiveState } from './go-live-state.js';
import { Preflight } from './preflight.js';
import { Validation } from './validation.js';

interface GoLiveProps {
  readonly api: DeskApi;
}

/** What stands between this desk and real money. */
export function GoLive({ api }: GoLiveProps) {
  const state = usePolled(() => api.goLive(), 10_000, 'go-live');
  const preflight = usePolled(() => api.preflight(), 60_000, 'preflight');
  const validations = usePolled(() => api.validations(), 15_000, 'validations');
  const reports = validations.value?.validations ?? null;
  return (
    <div class="sections">
      <GoLiveState state={state} preflight={preflight.value} validations={reports} />
      <Preflight preflight={preflight} />
      <Panel title="Validation reports" area="section" problem={validations.problem}>
        {reports === null || reports.length === 0 ? (
          <Empty>
            {reports === null ? (
              'Reading…'
            ) : (
              <>
                None yet. In a terminal: <code>fermata validate --duration=48h</code>
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
    </div>
  );
}
