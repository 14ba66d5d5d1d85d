import { useState } from 'preact/hooks';
import type { ApprovalShown, SettingsShown, Signing } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { signVote } from '../connection/sign-vote.js';
import { usePolled } from '../connection/use-polled.js';
import { age, CLOCK, day, minuteOfDay } from '../format.js';
import type { Action } from '../view/action.js';
import { Parameters } from '../view/figures.js';
import { RunLink } from '../view/links.js';
import { useNewest, useOwnSignature } from '../view/own-signature.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { readable } from '../view/words.js';
import { inWords } from './typed-setting.js';

const CLOSED_SHOWN = 8;

interface ApprovalsProps {
  readonly api: DeskApi;
  readonly person: string;
  readonly roles: readonly string[];
  readonly action: Action;
  readonly looked: number;
}

export function Approvals({ api, person, roles, action, looked }: ApprovalsProps) {
  const approvals = usePolled(() => api.approvals(), 5_000, looked);
  const [asked, setAsked] = useState<{ approval: ApprovalShown; choice: 'approve' | 'reject' } | null>(null);
  const [signing, setSigning] = useState<Signing | null>(null);
  const newest = useNewest();
  const own = useOwnSignature(signing);
  const all = approvals.value?.approvals ?? [];
  const open = all.filter(({ state }) => state === 'open');
  const asksSettings = open.some(({ kind }) => kind === 'settings');
  const settings = usePolled(
    async () => (asksSettings ? (await api.settings()).settings : []),
    60_000,
    String(asksSettings),
  );
  const known = settings.value ?? [];
  const closed = all.filter(({ state }) => state !== 'open').slice(0, CLOSED_SHOWN);
  const ask = async (approval: ApprovalShown, choice: 'approve' | 'reject'): Promise<void> => {
    const isNewest = newest();
    // A rejection never waits for a signature; if the statement can't be read, the server reports why when it gets
    // the vote.
    const found =
      choice === 'approve' ? await api.signing({ approval: approval.id }).catch(() => null) : null;
    if (!isNewest()) return;
    setSigning(found?.statement ? found : null);
    setAsked({ approval, choice });
  };
  const close = (): void => {
    setAsked(null);
    own.forget();
  };
  const vote = (
    { approval, choice }: NonNullable<typeof asked>,
    reason: string,
    signature?: string,
  ): void => {
    close();
    void action.run(async () => {
      setSigning(null);
      return { text: `Your vote counts: ${(await api.vote(approval, choice, reason, signature)).detail}` };
    });
  };
  return (
    <Panel title="Approvals" area="section" aside={open.length || ''} problem={approvals.problem}>
      {open.length === 0 && (
        <Empty>{approvals.value === null ? 'Reading…' : 'Nothing waits for an approval.'}</Empty>
      )}
      <ul class="cards">
        {open.map((approval) => (
          <OpenApproval
            key={approval.id}
            approval={approval}
            known={known}
            why={whyNot(approval, person, roles)}
            busy={action.busy}
            onVote={(choice) => void ask(approval, choice)}
          />
        ))}
      </ul>
      {closed.length > 0 && (
        <ul class="lines">
          {closed.map(({ id, title, state, outcome, closedMs, workflowId }) => (
            <li key={id}>
              <span>
                {title} <span class="soft">{readable(outcome)}</span> <RunLink workflowId={workflowId} />
              </span>
              <span class={`lamp ${state === 'approved' ? 'go' : 'soft'}`}>
                {state} {closedMs !== null && `${day(closedMs)} ${minuteOfDay(closedMs)} ${CLOCK}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      {asked !== null && (
        <ReasonDialog
          title={`${asked.choice === 'approve' ? 'Approve' : 'Reject'}: ${asked.approval.title}`}
          label="Reason, kept with your vote"
          go={asked.choice === 'approve' ? 'Approve' : 'Reject'}
          dangerous={asked.choice === 'reject'}
          sign={signing === null ? undefined : () => signVote(signing, person, own.signWith)}
          onGo={(reason, signature) => vote(asked, reason, signature)}
          onCancel={close}
          choice={signing !== null && own.field}
        >
          <Lifts approval={asked.approval} />
          <Parameters values={readably(asked.approval, known)} />
        </ReasonDialog>
      )}
    </Panel>
  );
}

/** Null: this person can vote. The server decides; this only keeps buttons from promising what they can't do. */
function whyNot(
  { roles: needed, votes }: ApprovalShown,
  person: string,
  roles: readonly string[],
): string | null {
  if (votes.some((vote) => vote.person === person)) return 'You have voted.';
  return needed.some((role) => roles.includes(role)) ? null : `Takes the role ${needed.join(' or ')}.`;
}

type Settings = SettingsShown['settings'];

/** Adds meanings and units for people to read; neither is part of what they agree to. */
const readably = ({ kind, parameters }: ApprovalShown, known: Settings): ApprovalShown['parameters'] =>
  kind !== 'settings'
    ? parameters
    : Object.fromEntries(
        Object.entries(parameters).map(([key, change]) => {
          const setting = known.find((one) => one.key === key);
          return setting === undefined
            ? [key, change]
            : [inWords(setting), `${change} ${setting.unit}`.trim()];
        }),
      );

/** Which halts end with it, and why they stand: the parameters name the newest by its id alone. */
const Lifts = ({ approval }: { readonly approval: ApprovalShown }) =>
  approval.lifts?.map((halt) => <p key={halt}>{readable(halt)}</p>) ?? null;

interface OpenApprovalProps {
  readonly approval: ApprovalShown;
  readonly known: Settings;
  readonly why: string | null;
  readonly busy: boolean;
  readonly onVote: (choice: 'approve' | 'reject') => void;
}

function OpenApproval({ approval, known, why, busy, onVote }: OpenApprovalProps) {
  const { title, subject, needed, votes, requestedBy, createdMs, expiresMs } = approval;
  const agreed = votes.filter(({ choice }) => choice === 'approve').map(({ person }) => person);
  return (
    <li class="card-line">
      <div class="card-head">
        <b>{title}</b>
        <span class="soft">
          {agreed.length} of {needed} {needed === 1 ? 'vote' : 'votes'}
          {agreed.length > 0 && `: ${agreed.join(', ')}`}
        </span>
      </div>
      <p class="soft">
        {subject}; asked by {requestedBy} {day(createdMs)} {minuteOfDay(createdMs)} {CLOCK}, ends in{' '}
        {age(expiresMs - Date.now())} <RunLink workflowId={approval.workflowId} />
      </p>
      <Lifts approval={approval} />
      <Parameters values={readably(approval, known)} />
      <div class="card-buttons">
        {why === null ? (
          <>
            <button
              type="button"
              class="button small primary"
              disabled={busy}
              onClick={() => onVote('approve')}
            >
              Approve…
            </button>
            <button type="button" class="button small close" disabled={busy} onClick={() => onVote('reject')}>
              Reject…
            </button>
          </>
        ) : (
          <span class="soft">{why}</span>
        )}
      </div>
    </li>
  );
}
