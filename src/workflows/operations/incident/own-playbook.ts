/**
 * The playbook of one of the desk's own incident kinds: the steps of the desk file in order, each once,
 * however often the run repeats. Then it waits as the desk file says, or for a person.
 */

import { condition, patched } from '@temporalio/workflow';
import {
  isTradingAction,
  type OwnPlaybook,
  type PlaybookRules,
  type PlaybookStep,
} from '../../../contracts/incident.js';
import type { StepResult } from '../../../contracts/routine.js';
import { backoffMs } from '../../../domain/backoff.js';
import { paced } from '../../paced.js';
import { leaveOut, runStep } from '../routine/run-steps.js';
import { recordResult, type StepContext, type StepOutcome } from '../routine/step.js';
import { DECLARED_OVER, type IncidentRun, type Playbook, TradingWatch } from './incident-run.js';
import { choose } from './offer.js';
import { tradingAction } from './trading-action.js';

const TRADES = 'the desk trades';

/** Runs that began before this patch continue as new only once all steps are done. */
const MOVES_AMONG_STEPS = 'an-own-playbook-goes-on-in-a-new-run-among-its-steps';

/** Runs that began before this patch look whether the desk trades only once all steps are done. */
const ENDS_AMONG_STEPS = 'an-own-playbook-ends-among-its-steps-when-the-desk-trades';

/** Pause between two attempts of a check: doubles from the first value up to the second. */
const AGAIN = { firstMs: 2_000, mostMs: 30_000 };

/** Stored in `done` for a step that was not needed, in place of a verdict. */
const NOT_NEEDED = 'not needed';

export const ownPlaybook =
  (playbook: OwnPlaybook): Playbook =>
  async (incident) => {
    await carryOutSteps(incident, playbook);
    if (incident.tradesAgain) return TRADES;
    const last = playbook.steps.at(-1);
    const hasPassed = last !== undefined && isSettled(resultOf(incident, last));
    if (playbook.over === 'trading')
      return incident.watch('waiting for the desk to trade', async () =>
        (await incident.facts())?.mode === 'ACTIVE' ? TRADES : null,
      );
    if (playbook.over === 'passed') {
      if (hasPassed) return `"${last.title}" passed`;
      incident.people.alarm(
        'steps-done',
        `the playbook has come to its end, and "${last?.title}" has not passed: say what is to be done, and when it is over`,
      );
    }
    return incident.watch('its steps are done; waiting for a person to declare it over', async () => null);
  };

async function carryOutSteps(incident: IncidentRun, playbook: OwnPlaybook): Promise<void> {
  const { steps } = playbook;
  // Reads the trader once, because evidence and reports carry the market's time.
  const isLeft = steps.some((step) => resultOf(incident, step) === undefined);
  const facts = isLeft ? await incident.facts() : null;
  const endsTrading = isLeft && playbook.over === 'trading' && patched(ENDS_AMONG_STEPS);
  const watch = endsTrading ? new TradingWatch(incident, facts) : null;
  const isOver = () => incident.overBecause !== null;
  const context = {
    ...contextOf(incident, playbook, isOver),
    ...(watch === null ? {} : { cancelledBy: 'the incident is over' }),
  };
  let stoppedBy: string | null = null;
  for (const step of steps) {
    const { log, people } = incident;
    const key = doneKey(step);
    if (log.done[key] === undefined) await moveIfDue(incident);
    incident.show(step.title);
    const isNeeded = step.unless === undefined || !isSettled(log.done[`step:${step.unless}`]);
    const reason = incident.overBecause ?? stoppedBy;
    if (log.done[key] === undefined) {
      if (reason !== null) log.done[key] = (await leaveOut(step, reason, context)).verdict;
      else if (isNeeded) log.done[key] = (await carryOut(incident, step, playbook, context)).verdict;
      else {
        const earlier = steps.find((one) => one.key === step.unless);
        const how = log.done[`step:${step.unless}`] === NOT_NEEDED ? 'was not needed' : 'passed';
        await leaveOut(step, `"${earlier?.title}" ${how}`, context, 'only where that has not passed');
        log.done[key] = NOT_NEEDED;
      }
    }
    if (step.onFail === 'stop' && log.done[key] === 'fail' && stoppedBy === null) {
      stoppedBy = `"${step.title}" failed and stops the playbook`;
      people.alarm('stopped', `${stoppedBy}: a person says what is to be done`);
    }
  }
  watch?.stop();
}

/** Only while no step is under way, or between two attempts of a check. */
async function moveIfDue(incident: IncidentRun): Promise<void> {
  if (incident.shouldMove && patched(MOVES_AMONG_STEPS)) await incident.move();
}

const doneKey = ({ key }: PlaybookStep): string => `step:${key}`;

/** Passed, or left out because an earlier step did. */
const isSettled = (result: string | undefined): boolean => result === 'pass' || result === NOT_NEEDED;

const resultOf = ({ log }: IncidentRun, step: PlaybookStep): string | undefined => log.done[doneKey(step)];

/** One step of a playbook in code. `isOver`: true once nothing waits for the step any longer. */
export function carryOutStep(
  incident: IncidentRun,
  step: PlaybookStep,
  rules: PlaybookRules,
  isOver: () => boolean,
): Promise<CarriedOut> {
  const context: StepContext = {
    ...contextOf(incident, rules, isOver),
    cancelledBy: ENDED,
    // The playbook's code acts on `fail`; a misspelt parameter is not a finding.
    unmade: 'not_run',
  };
  return carryOut(incident, step, rules, context);
}

const ENDED = 'the playbook has ended';

type CarriedOut = StepResult & { readonly person: string | null };

async function carryOut(
  incident: IncidentRun,
  step: PlaybookStep,
  rules: PlaybookRules,
  context: StepContext,
): Promise<CarriedOut> {
  const { action, key, title } = step;
  const startedMs = Date.now();
  const recorded = (kind: 'human' | 'action', { person = null, ...outcome }: StepOutcome): CarriedOut => {
    const result = { key, title, ...outcome };
    recordResult(result, startedMs, { ...context, kind, person });
    return { ...result, person };
  };
  if (step.choose !== undefined) return recorded('human', await choose(incident, step, step.choose, context));
  const ended = () => (context.isCancelled?.() === true ? (context.cancelledBy ?? ENDED) : null);
  if (isTradingAction(action))
    return recorded('action', await tradingAction(incident, step, action, rules, ended));
  return untilItPasses(incident, step, context);
}

/**
 * Repeats the check for the time in the desk file; only the last attempt is evidence. A new run repeats it for the rest
 * of that time. A playbook in code stays in its run, because it waits for this step: its pauses grow instead.
 */
async function untilItPasses(
  incident: IncidentRun,
  step: PlaybookStep,
  context: StepContext,
): Promise<CarriedOut> {
  const { done } = incident.log;
  const untilKey = `until:${step.key}`;
  const untilMs = Number(done[untilKey] ?? Date.now() + (step.withinMinutes ?? 0) * 60_000);
  done[untilKey] = String(untilMs);
  const isOver = () => context.isCancelled?.() === true;
  let worthRecording = false;
  let person: string | null = null;
  const trail: StepContext['trail'] = {
    add: (evidence) => {
      ({ person } = evidence);
      context.trail.add(evidence);
    },
  };
  for (let tries = 1; ; tries += 1) {
    const result = await runStep(step, {
      ...context,
      trail,
      worthRecording: ({ verdict }) => {
        worthRecording = verdict === 'pass' || isOver() || Date.now() >= untilMs;
        return worthRecording;
      },
    });
    if (worthRecording) {
      delete done[untilKey];
      return { ...result, person };
    }
    await moveIfDue(incident);
    await condition(isOver, Math.min(paced(backoffMs(tries, AGAIN)), Math.max(1, untilMs - Date.now())));
  }
}

/** The same context as for a routine's steps, with the incident's timeline as evidence trail. */
function contextOf(
  { input, timeline }: IncidentRun,
  { backupsKept }: PlaybookRules,
  isOver: () => boolean,
): StepContext {
  return {
    desk: input.desk,
    routine: 'incident',
    attemptGroup: 0,
    marketMs: timeline.marketMs,
    simulated: input.simulated,
    backupsKept,
    trail: {
      add: ({ name, kind, verdict, observed, expected, person, reference, startedMs }) =>
        timeline.record({ name, kind, verdict, observed, expected, person, reference }, startedMs),
    },
    isCancelled: isOver,
    cancelledBy: DECLARED_OVER,
    // An incident goes on after a cancel request, and so do its steps.
    untilOver: (work) => {
      // Nobody awaits `work` once the incident is over; it reports its own failure.
      work.catch(() => {});
      return Promise.race([work, condition(isOver).then(() => null)]);
    },
    onResult: () => {},
    worthRecording: () => true,
  };
}
