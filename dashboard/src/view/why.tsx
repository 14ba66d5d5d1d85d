import type { TraderStatus } from '../../../src/trader/protocol.js';
import { Panel } from './panel.js';

const NO_TRADER: TraderStatus['notTrading'][number] = {
  subject: 'desk',
  reason: 'the trader does not answer',
  waitsFor: 'the supervisor to restart it; it comes back HALTED',
};

/** Every reason that holds the desk, a strategy or a symbol back, with what it waits for. */
interface WhyProps {
  readonly status: TraderStatus;
  /** False: what the status says is old. */
  readonly reachable: boolean;
}

export function Why({ status, reachable }: WhyProps) {
  const { strategies } = status;
  const notTrading = reachable ? status.notTrading : [NO_TRADER];
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
