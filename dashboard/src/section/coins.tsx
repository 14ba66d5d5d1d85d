import { useState } from 'preact/hooks';
import type { CoinOwner, Signing } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { signVote } from '../connection/sign-vote.js';
import { usePolled } from '../connection/use-polled.js';
import type { Action } from '../view/action.js';
import { useNewest, useOwnSignature } from '../view/own-signature.js';
import { Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';

interface CoinsProps {
  readonly api: DeskApi;
  readonly person: string;
  readonly mayApprove: boolean;
  readonly action: Action;
  readonly looked: number;
}

interface Asked {
  readonly symbol: string;
  readonly nobodys: string;
  readonly owner: CoinOwner;
}

const WORDS: Readonly<Record<CoinOwner, string>> = {
  desk: 'the desk’s',
  foreign: 'foreign',
  move: 'to be moved out',
};
const OWNERS = Object.keys(WORDS) as readonly CoinOwner[];

/**
 * Shown only if the account has coins that are nobody's: nothing is armed until a person has said whose they
 * are.
 */
export function Coins({ api, person, mayApprove, action, looked }: CoinsProps) {
  const found = usePolled(() => api.coins(), 5_000, looked);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [cost, setCost] = useState('');
  const [signing, setSigning] = useState<Signing | null>(null);
  const newest = useNewest();
  const own = useOwnSignature(signing);
  const open = (found.value ?? []).filter(({ nobodys }) => Number(nobodys) > 0);
  if (open.length === 0 && asked === null) return null;
  const ask = async (next: Asked): Promise<void> => {
    const isNewest = newest();
    setCost('');
    // Only to find out whether a signature is needed; the statement to sign is requested later, with the cost that
    // was typed.
    const { symbol, owner } = next;
    const about = { coins: { symbol, owner, cost: null } };
    const statement = await api.signing(about).catch(() => null);
    if (!isNewest()) return;
    setSigning(statement?.statement ? statement : null);
    setAsked(next);
  };
  const close = (): void => {
    setAsked(null);
    own.forget();
  };
  const saidOf = ({ symbol, owner }: Asked) => ({
    ...{ symbol, owner },
    cost: owner === 'desk' ? cost.trim() : null,
  });
  const sign = async (about: Asked): Promise<string> =>
    signVote(await api.signing({ coins: saidOf(about) }), person, own.signWith);
  const claim = (about: Asked, reason: string, signature?: string): void => {
    close();
    const said = saidOf(about);
    void action.run(async () => ({
      text: (await api.claimCoins(said, about.nobodys, reason, signature)).detail,
    }));
  };
  return (
    <Panel title="Coins that are nobody’s" area="section" aside={open.length} problem={found.problem}>
      <ul class="cards">
        {open.map(({ symbol, nobodys }) => (
          <li class="card-line" key={symbol}>
            <div class="card-head">
              <b>
                {symbol}: {nobodys}
              </b>
              <span class="soft">
                In the account, and no trade of the desk explains them. Whose are they?
              </span>
            </div>
            <div class="card-buttons">
              {mayApprove ? (
                OWNERS.map((owner) => (
                  <button
                    key={owner}
                    type="button"
                    class="button small"
                    disabled={action.busy}
                    onClick={() => void ask({ symbol, nobodys, owner })}
                  >
                    {WORDS[owner]}…
                  </button>
                ))
              ) : (
                <span class="soft">Takes the role approver.</span>
              )}
            </div>
          </li>
        ))}
      </ul>
      {asked !== null && (
        <ReasonDialog
          title={`${asked.nobodys} of ${asked.symbol}: ${WORDS[asked.owner]}?`}
          label="Reason, kept with the decision"
          go="Say so"
          dangerous={asked.owner === 'desk'}
          sign={signing === null ? undefined : () => sign(asked)}
          onGo={(reason, signature) => claim(asked, reason, signature)}
          onCancel={close}
          choice={
            <>
              {asked.owner === 'desk' && <Cost value={cost} onValue={setCost} />}
              {signing !== null && own.field}
            </>
          }
        >
          <p>
            {asked.owner === 'desk'
              ? 'From then on a position with a stop, which the desk may sell; counted as a deposit.'
              : 'The desk leaves them alone: never valued, protected or sold.'}
          </p>
        </ReasonDialog>
      )}
    </Panel>
  );
}

function Cost({ value, onValue }: { readonly value: string; readonly onValue: (text: string) => void }) {
  return (
    <label>
      What one coin cost
      <input
        name="cost"
        inputMode="decimal"
        pattern="\d+(\.\d+)?"
        title="A price, such as 61250.00"
        autocomplete="off"
        required
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}
