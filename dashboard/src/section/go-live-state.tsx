import { useState } from 'preact/hooks';
import type { GoLiveShown, PreflightReport, ValidationShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { typed } from '../typed.js';
import { type Action, doneOf } from '../view/action.js';
import { Stat } from '../view/figures.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { readable, Words } from '../view/words.js';

interface GoLiveStateProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
  readonly state: Polled<GoLiveShown>;
  /** Null while unknown. */
  readonly preflight: PreflightReport | null;
  readonly validations: readonly ValidationShown[] | null;
  readonly action: Action;
}

/** How far this desk is from real money, and the buttons that ask for it or take it back. */
export function GoLiveState({ api, roles, state, preflight, validations, action }: GoLiveStateProps) {
  const { value } = state;
  return (
    <Panel title="Real money" area="section" problem={state.problem}>
      {value === null ? (
        <Empty>Reading…</Empty>
      ) : (
        <>
          <State value={value} />
          <Missing list={missingForRealMoney(value, preflight, validations)} />
          {value.mode === 'live' && <GoLiveButtons api={api} roles={roles} state={value} action={action} />}
          <Attempts attempts={value.attempts} />
        </>
      )}
    </Panel>
  );
}

function State({ value }: { readonly value: GoLiveShown }) {
  const { mode, granted, approvers, needed, progress, words, problems } = value;
  return (
    <>
      {problems.map((problem) => (
        <p key={problem} class="notice caution">
          {readable(problem)}
        </p>
      ))}
      <dl class="stats">
        <Stat label="This desk" value={mode === 'live' ? 'real money' : 'paper money'} />
        <Stat label="The trader’s permission" value={granted === null ? 'none' : 'granted'} />
        <Stat label="Approvals needed" value={String(needed)} />
        <Stat label="Approvers" value={approvers.join(', ') || 'nobody'} />
        {progress !== null && <Stat label="Now" value={progress.phase} />}
      </dl>
      {words.map((line) => (
        <p key={line}>{readable(line)}</p>
      ))}
      {progress !== null && <p>{readable(progress.detail)}</p>}
    </>
  );
}

function Missing({ list }: { readonly list: readonly string[] }) {
  return list.length === 0 ? null : (
    <>
      <p class="lamp caution">Missing for real money</p>
      <ul class="what">
        {list.map((one) => (
          <li key={one}>
            <Words text={one} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** In the order in which a person would deal with it; unknown items are left out. */
function missingForRealMoney(
  state: GoLiveShown,
  preflight: PreflightReport | null,
  validations: readonly ValidationShown[] | null,
): readonly string[] {
  const { mode, granted, approvers, needed } = state;
  const missing: string[] = [];
  if (granted !== null) return missing;
  if (mode !== 'live')
    missing.push('A desk file of its own with `mode: live`; this desk trades paper money.');
  if (approvers.length < needed)
    missing.push(`${needed} approvers have to agree, and the desk file has ${approvers.length}.`);
  if (validations !== null && !validations.some(({ goLive }) => goLive.qualifies))
    missing.push(
      `A validation on real prices that ends with GO, for this very desk file: \`${typed('validate')}\`.`,
    );
  for (const { title, verdict } of preflight?.results ?? [])
    if (verdict === 'fail') missing.push(`Pre-flight: ${title}.`);
  missing.push(
    isUnderWay(state)
      ? 'The permission itself: it is asked for, see what that waits for.'
      : `The permission itself: an operator asks for it here, or by \`${typed('go-live')}\`.`,
  );
  return missing;
}

const isUnderWay = ({ attempts }: Pick<GoLiveShown, 'attempts'>): boolean =>
  attempts.some(({ finishedMs }) => finishedMs === null);

function Attempts({ attempts }: Pick<GoLiveShown, 'attempts'>) {
  return (
    <ul class="lines">
      {attempts.map(({ workflowId, release, attempt, askedBy, state, detail, startedMs }) => (
        <li key={workflowId}>
          <span>
            <b>
              {release}, attempt {attempt}
            </b>{' '}
            <span class="soft">{readable(detail)}</span>
          </span>
          <span class="soft">
            {state}, {askedBy} {day(startedMs)} {minuteOfDay(startedMs)} {CLOCK}
          </span>
        </li>
      ))}
    </ul>
  );
}

interface GoLiveButtonsProps {
  readonly api: DeskApi;
  readonly roles: readonly string[];
  readonly state: GoLiveShown;
  readonly action: Action;
}

/** Asks for the permission to trade real money, or revokes it. Neither arms the desk: that needs votes. */
function GoLiveButtons({ api, roles, state, action }: GoLiveButtonsProps) {
  const [asking, setAsking] = useState<'start' | 'revoke' | null>(null);
  const mayAsk = roles.includes('operator');
  const underWay = isUnderWay(state);
  const mayRevoke = mayAsk || roles.includes('approver');
  const send = (which: 'start' | 'revoke', reason: string): void => {
    setAsking(null);
    void action.run(async () => {
      const said = await (which === 'start' ? api.startGoLive(reason) : api.revokeGoLive(reason));
      return doneOf({ ...said, proven: true });
    });
  };
  return (
    <div class="card-buttons">
      {state.granted !== null || underWay ? (
        <button
          type="button"
          class="button small stop"
          disabled={action.busy || !mayRevoke}
          title={mayRevoke ? '' : 'This takes the role operator or approver'}
          onClick={() => setAsking('revoke')}
        >
          {state.granted === null ? 'End this go-live…' : 'Take the permission back…'}
        </button>
      ) : (
        <button
          type="button"
          class="button small"
          disabled={action.busy || !mayAsk}
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
          title={state.granted === null ? 'End this go-live?' : 'Take the permission back?'}
          label="Reason, kept with the evidence"
          go={state.granted === null ? 'End it' : 'Take it back'}
          dangerous
          mayBeEmpty
          onGo={(reason) => send('revoke', reason)}
          onCancel={() => setAsking(null)}
        >
          <p>
            {state.granted === null
              ? 'Its question is withdrawn, and no vote for it counts. The desk stays HALTED; another go-live can be asked for.'
              : 'The desk is HALTED at once. Positions and their stops stay; trading again takes a new go-live.'}
          </p>
        </ReasonDialog>
      )}
    </div>
  );
}
