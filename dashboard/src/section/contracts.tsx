import { useState } from 'preact/hooks';
import type { TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { ActionNotice, useAction } from '../view/action.js';
import { Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';

type Contract = NonNullable<TraderStatus['contracts']>[number];

interface ContractsProps {
  readonly api: DeskApi;
  readonly contracts: readonly Contract[];
  readonly mayRoll: boolean;
}

/** Which contract each future stands for and until when; an approver decides whether it stands for another one. */
export function Contracts({ api, contracts, mayRoll }: ContractsProps) {
  const [asking, setAsking] = useState<{ readonly contract: Contract; readonly to: string } | null>(null);
  const action = useAction();
  const roll = (symbol: string, to: string, reason: string): void => {
    setAsking(null);
    void action.run(async () => {
      const { state, detail } = await api.roll(symbol, to, reason);
      return { text: detail, tone: state === 'applied' ? 'go' : 'caution' };
    });
  };
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Contracts" area="section">
        <ul class="settings">
          {contracts.map((contract) => (
            <li key={contract.symbol}>
              <p>
                <strong>{contract.symbol}</strong> {termsOf(contract)}
              </p>
              {phaseOf(contract) !== '' && <p class="notice caution">{phaseOf(contract)}</p>}
              {contract.choices.length > 0 && (
                <button
                  type="button"
                  class="button small"
                  disabled={!mayRoll || action.busy}
                  title={mayRoll ? '' : 'This takes the role operator'}
                  onClick={() => setAsking({ contract, to: contract.next ?? contract.choices[0] ?? '' })}
                >
                  Roll {contract.symbol}…
                </button>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      {asking !== null && (
        <ReasonDialog
          title={`Roll ${asking.contract.symbol}?`}
          label="Reason, kept with the change"
          go="Ask for approval"
          onGo={(reason) => roll(asking.contract.symbol, asking.to, reason)}
          onCancel={() => setAsking(null)}
          choice={
            <label>
              Month
              <select
                name="month"
                value={asking.to}
                onChange={({ currentTarget }) => setAsking({ ...asking, to: currentTarget.value })}
              >
                {asking.contract.choices.map((month) => (
                  <option key={month} value={month}>
                    {month}
                  </option>
                ))}
              </select>
            </label>
          }
        >
          <p>
            Nothing changes until an approver agrees. Then the trader starts again with the new contract, and
            it is read back. Nothing may be held of the old one, and no order may rest in it.
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}

/** `is NQZ6 (202612), last trade 2026-12-18 (24 days), to be rolled from 2026-12-14 on`. */
function termsOf({ month, atVenue, lastTradeDay, noticeDay, daysLeft, rollDay }: Contract): string {
  const name = atVenue?.traded.name;
  const is = [name, name === undefined ? (month ?? 'the front month') : month === null ? null : `(${month})`];
  const days =
    daysLeft === null ? '' : daysLeft > 0 ? ` (${daysLeft} ${daysLeft === 1 ? 'day' : 'days'})` : ' (past)';
  const last = lastTradeDay === null ? '' : `, last trade ${lastTradeDay}${days}`;
  const notice = noticeDay === null ? '' : `, notice of delivery from ${noticeDay} on`;
  const from = rollDay === null ? '' : `, to be rolled from ${rollDay} on`;
  return `is ${is.filter(Boolean).join(' ')}${last}${notice}${from}`;
}

const phaseOf = ({ phase, choices }: Contract): string =>
  phase === 'leaving' && choices.length === 0
    ? 'Nothing is entered, and what is held is closed, until the desk file names another month.'
    : PHASES[phase];

const PHASES = {
  trading: '',
  due: 'Nothing is entered until people roll it.',
  leaving: 'Nothing is entered, and what is held is closed, until people roll it.',
  ended: 'It has expired.',
  rolled: 'Rolled: the trader has to restart.',
} as const satisfies Readonly<Record<Contract['phase'], string>>;
