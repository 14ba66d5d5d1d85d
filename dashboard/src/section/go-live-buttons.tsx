import { useState } from 'preact/hooks';
import type { GoLiveShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import type { Action } from '../view/action.js';
import { ReasonDialog } from '../view/reason-dialog.js';

interface GoLiveButtonsProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
  readonly state: GoLiveShown;
  readonly action: Action;
}

/** Asks for the permission to trade real money, or revokes it. Neither arms the desk: that needs votes. */
export function GoLiveButtons({ api, roles, state, action }: GoLiveButtonsProps) {
  const [asking, setAsking] = useState<'start' | 'revoke' | null>(null);
  const mayAsk = roles.includes('operator');
  const underWay = state.attempts.some(({ finishedMs }) => finishedMs === null);
  const mayRevoke = mayAsk || roles.includes('approver');
  const send = (which: 'start' | 'revoke', reason: string): void => {
    setAsking(null);
    void action.run(async () => {
      const { detail } = await (which === 'start' ? api.startGoLive(reason) : api.revokeGoLive(reason));
      return { text: detail };
    });
  };
  return (
    <div class="card-buttons">
      {state.granted !== null ? (
        <button
          type="button"
          class="button small stop"
          disabled={action.busy || !mayRevoke}
          title={mayRevoke ? '' : 'This takes the role operator or approver'}
          onClick={() => setAsking('revoke')}
        >
          Take the permission back…
        </button>
      ) : (
        <button
          type="button"
          class="button small"
          disabled={action.busy || underWay || !mayAsk}
          title={mayAsk ? '' : 'This takes the role operator'}
          onClick={() => setAsking('start')}
        >
          Ask to go live…
        </button>
      )}
      {asking === 'start' && (
        <ReasonDialog
          title="Ask for trading real money?"
          label="Reason, kept with the evidence"
          go="Ask"
          onGo={(reason) => send('start', reason)}
          onCancel={() => setAsking(null)}
        >
          <p>
            Every check runs now. If nothing is missing, a person reviews the validation, and the approvers
            are asked.
          </p>
        </ReasonDialog>
      )}
      {asking === 'revoke' && (
        <ReasonDialog
          title="Take the permission back?"
          label="Reason, kept with the evidence"
          go="Take it back"
          dangerous
          mayBeEmpty
          onGo={(reason) => send('revoke', reason)}
          onCancel={() => setAsking(null)}
        >
          <p>
            The desk is HALTED at once. Positions and their stops stay; trading again takes a new go-live.
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}
