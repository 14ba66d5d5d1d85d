import type { TraderStatus } from '../../../src/trader/protocol.js';
import { Panel } from './panel.js';

/** Every reason that holds the desk, a strategy or a symbol back, with what it waits for. */
export function Why({ status }: { readonly status: TraderStatus }) {
  const { notTrading, strategies } = status;
  return (
    <Panel title="Why is it not trading?" area="why" aside={notTrading.length === 0 ? '' : notTrading.length}>
      {notTrading.length === 0 ? (
        <p class="lamp go">Nothing holds it back.</p>
      ) : (
        <ul class="reasons">
          {notTrading.map(({ subject, reason, waitsFor }) => (
            <li key={`${subject} ${reason}`}>
              <b>{subject}</b> {reason}
              <span class="waits">
                <span class="label">Waits for</span> {waitsFor}
              </span>
            </li>
          ))}
        </ul>
      )}
      <ul class="strategies">
        {strategies.map(({ name, symbol, state, enabled, trades, wins }) => (
          <li key={`${name} ${symbol}`}>
            <span>
              <b>{symbol}</b> {name}
              {!enabled && <span class="tag caution">off</span>}
            </span>
            <span class="soft">{state}</span>
            <span class="soft number">
              {wins}/{trades} won
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
