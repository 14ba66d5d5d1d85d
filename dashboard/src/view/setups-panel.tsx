import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { Empty, Panel } from './panel.js';
import { SetupLink } from './setup-link.js';
import { readable } from './words.js';

/** The number of active setups, with a link to each. */
export function SetupsPanel({ api }: { readonly api: DeskApi }) {
  const { value, problem } = usePolled(() => api.setups(), 10_000, 'setups');
  const active = value?.setups.filter(({ open }) => open) ?? [];
  return (
    <Panel
      title="Setups"
      area="setups"
      problem={problem}
      aside={value !== null && <b data-testid="active-setups">{value.active} active</b>}
    >
      {active.length === 0 ? (
        <Empty>{value === null ? 'Reading the ledger…' : 'No setup is active.'}</Empty>
      ) : (
        <ul class="lines">
          {active.map(({ id, symbol, strategy, state }) => (
            <li key={id}>
              <span>
                <SetupLink id={id} /> {symbol ?? strategy}
              </span>
              <span class="soft">{readable(state ?? 'not known')}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
