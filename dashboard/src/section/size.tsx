import { useState } from 'preact/hooks';
import type { TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { signVote } from '../connection/sign-vote.js';
import { ActionNotice, doneOf, useAction } from '../view/action.js';
import { useSignatureOf } from '../view/own-signature.js';
import { Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { SizeInput } from '../view/size-input.js';

interface SizeProps {
  readonly api: DeskApi;
  readonly person: string;
  readonly status: TraderStatus;
  readonly mayChange: boolean;
}

/** The position size in percent of the full size: smaller applies at once, larger needs an approver. */
export function Size({ api, person, status: { sizePct: nowPct, trading, risk }, mayChange }: SizeProps) {
  const [asking, setAsking] = useState(false);
  const [size, setSize] = useState('');
  const action = useAction();
  const sizePct = Number(size);
  const largest = risk.find(({ limit }) => limit === 'position-size');
  const isLarger = size !== '' && sizePct > nowPct;
  const signs = isLarger && trading === 'live';
  const { signWith, field, forget } = useSignatureOf(
    signs ? () => api.signing({ size: sizePct }) : null,
    sizePct,
  );
  // Typed text is forgotten with the dialog: the next person may be somebody else.
  const close = (): void => {
    setAsking(false);
    setSize('');
    forget();
  };
  const sign = async (): Promise<string> => signVote(await api.signing({ size: sizePct }), person, signWith);
  const change = (reason: string, signature?: string): void => {
    close();
    void action.run(async () => doneOf(await api.changeSize(sizePct, reason, signature)));
  };
  const ask = (
    <button
      type="button"
      class="button small"
      disabled={!mayChange || action.busy}
      title={mayChange ? '' : 'This takes the role operator or approver'}
      onClick={() => setAsking(true)}
    >
      Change the size…
    </button>
  );
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Position size" area="section" aside={ask}>
        <p>
          {nowPct} % of the full size, which is what the settings in force
          {trading === 'live' && ' and the permission'} allow.
          {largest !== undefined && ` A position may be worth ${largest.value}.`}
        </p>
      </Panel>
      {asking && (
        <ReasonDialog
          title="Change the position size?"
          label="Reason, kept with the change"
          mayBeEmpty
          go="Change"
          dangerous={isLarger}
          sign={signs ? sign : undefined}
          onGo={change}
          onCancel={close}
          choice={
            <>
              <SizeInput size={size} onSize={setSize} required>
                Position size, % of the full size (now {nowPct} %)
              </SizeInput>
              {signs && field}
            </>
          }
        >
          <p>
            {isLarger
              ? 'Later entries are larger: an approver decides that.'
              : 'Applies at once: resting entries are cancelled, positions and their stops stay.'}
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}
