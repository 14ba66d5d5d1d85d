import type { ResumeDecided, TraderStatus } from '../api/shapes.js';
import { CLOCK, minuteOfDay } from '../format.js';
import { Panel } from './panel.js';
import { readable, strategyNow } from './words.js';

const NO_TRADER: TraderStatus['notTrading'][number] = {
  subject: 'desk',
  reason: 'the trader does not answer',
  waitsFor: 'the trader to be started again; it comes back HALTED',
};

interface WhyProps {
  readonly status: TraderStatus;
  /** False: the status is out of date. */
  readonly reachable: boolean;
  readonly decided: readonly ResumeDecided[];
}

/** A decision to resume that waits for another person. */
export const decidedWords = ({ person, sizePct, untilWallMs }: ResumeDecided): string =>
  `${person} has decided to resume at ${
    sizePct === null ? 'the position size as it is' : `${sizePct} % of the full position size`
  }${untilWallMs === null ? '' : `, which counts until ${minuteOfDay(untilWallMs)} ${CLOCK}`}.`;

/** Every reason that holds the desk, a strategy or a symbol back, with what it waits for. */
export function Why({ status, decided, reachable }: WhyProps) {
  const { strategies } = status;
  const notTrading = reachable ? status.notTrading : [NO_TRADER];
  // With an open position the desk is trading: then the question is what holds the next entry back.
  const isInTrade = reachable && status.mode === 'ACTIVE' && status.positions.length > 0;
  const question = isInTrade ? 'What is it waiting for?' : 'Why is it not trading?';
  const said = new Set(notTrading.map(({ reason }) => reason));
  return (
    <Panel title={question} area="why" aside={notTrading.length === 0 ? '' : notTrading.length}>
      {notTrading.length === 0 ? (
        <p class="lamp go">Nothing holds it back.</p>
      ) : (
        <ul class="reasons">
          {notTrading.map(({ subject, reason, waitsFor }) => (
            <li key={`${subject} ${reason}`}>
              <b>{subject}</b> {readable(reason)}
              <span class="waits">
                <span class="label">Waits for</span> {readable(waitsFor)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {decided.map((one) => (
        <p key={one.person}>{decidedWords(one)}</p>
      ))}
      <ul class="strategies">
        {strategies.map((strategy) => {
          const { name, symbol, state, enabled, trades, wins } = strategy;
          return (
            <li key={`${name} ${symbol}`}>
              <span>
                <b>{symbol}</b> {name} {!enabled && <span class="tag caution">off</span>}
              </span>
              <span class="soft number">{trades === 0 ? 'no round trip' : `${wins} of ${trades} won`}</span>
              {!said.has(state) && <span class="soft">{strategyNow(strategy)}</span>}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
