import type { ComponentChildren } from 'preact';
import type { GoLiveShown, PreflightReport, ValidationShown } from '../api/shapes.js';
import type { Polled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { typed } from '../typed.js';
import { Stat } from '../view/figures.js';
import { Empty, Panel } from '../view/panel.js';
import { readable, Words } from '../view/words.js';

interface GoLiveStateProps {
  readonly state: Polled<GoLiveShown>;
  /** Null while unknown. */
  readonly preflight: PreflightReport | null;
  readonly validations: readonly ValidationShown[] | null;
  /** Buttons for what can be requested. */
  readonly children: ComponentChildren;
}

export function GoLiveState({ state, preflight, validations, children }: GoLiveStateProps) {
  const { value } = state;
  return (
    <Panel title="Real money" area="section" problem={state.problem}>
      {value === null ? (
        <Empty>Reading…</Empty>
      ) : (
        <>
          <State value={value} />
          <Missing list={missingForRealMoney(value, preflight, validations)} />
          {children}
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

/** In the order in which a person would deal with it; unknown items are left out. */
function missingForRealMoney(
  { mode, granted, approvers, needed }: GoLiveShown,
  preflight: PreflightReport | null,
  validations: readonly ValidationShown[] | null,
): readonly string[] {
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
  missing.push(`The permission itself: an operator asks for it here, or by \`${typed('go-live')}\`.`);
  return missing;
}
