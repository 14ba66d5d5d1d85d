import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { typed } from '../typed.js';
import { ActionNotice } from '../view/action-notice.js';
import { Empty, Panel } from '../view/panel.js';
import { useAction } from '../view/use-action.js';
import { GoLiveButtons } from './go-live-buttons.js';
import { GoLiveState } from './go-live-state.js';
import { Preflight } from './preflight.js';
import { Validation } from './validation.js';

interface GoLiveProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
}

/** What stands between this desk and real money. */
export function GoLive({ api, roles }: GoLiveProps) {
  const action = useAction();
  const state = usePolled(() => api.goLive(), 10_000, `go-live ${action.busy}`);
  const preflight = usePolled(() => api.preflight(), 60_000, 'preflight');
  const validations = usePolled(() => api.validations(), 15_000, 'validations');
  const reports = validations.value?.validations ?? null;
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <GoLiveState state={state} preflight={preflight.value} validations={reports}>
        {state.value?.mode === 'live' && (
          <GoLiveButtons api={api} roles={roles} state={state.value} action={action} />
        )}
      </GoLiveState>
      <Preflight preflight={preflight} />
      <Panel title="Validation reports" area="section" problem={validations.problem}>
        {reports === null || reports.length === 0 ? (
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
    </div>
  );
}
