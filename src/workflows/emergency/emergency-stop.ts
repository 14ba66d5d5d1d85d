/**
 * Emergency stop and close all. Halts every known trader of the desk, proves it by reading back, and names what is not
 * stopped or not flat. A cancel doesn't end it. Orders that arrive meanwhile are added, and a close-all upgrades a
 * running stop.
 */

import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { EMERGENCY_MESSAGES, type EmergencyOrder, type EmergencyOutcome } from '../../contracts/emergency.js';
import { backoffMs } from '../../domain/backoff.js';
import { showPhase, showVerdict } from '../show.js';
import { takeSignalVariants } from '../strange-requests.js';
import { EmergencyRun } from './emergency-run.js';
import { kindOf, toOrder, toStopInput } from './input.js';

const stopSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.stop);
const closeAllSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.closeAll);
const killSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.kill);
const progressQuery = defineQuery<EmergencyOutcome>(EMERGENCY_MESSAGES.progress);

/**
 * From here on the run continues as new even if that loses evidence, because a stop must go on. The server
 * ends a run at 51,200 events.
 */
const EVENTS_MAX = 20_000;

/** `given`: an `EmergencyStopInput`, or anything else that somebody started the workflow with. */
export async function emergencyStop(given: unknown): Promise<EmergencyOutcome> {
  const input = toStopInput(given);
  const pending: EmergencyOrder[] = [...input.orders];
  const run = new EmergencyRun(input);
  setHandler(stopSignal, (payload) => {
    pending.push(toOrder('stop', payload));
  });
  setHandler(closeAllSignal, (payload) => {
    pending.push(toOrder('closeAll', payload));
  });
  setHandler(killSignal, (payload) => {
    pending.push(toOrder('kill', payload));
  });
  takeSignalVariants((name, payload) => {
    const kind = kindOf(name);
    if (kind !== null) pending.push(toOrder(kind, payload));
    return kind !== null;
  });
  setHandler(progressQuery, () => run.outcome);
  // Started without an order, this workflow stops the desk.
  if (pending.length === 0) pending.push(toOrder('stop', 'started without a reason'));
  return CancellationScope.nonCancellable(() => carryOut(run, pending));
}

async function carryOut(run: EmergencyRun, pending: EmergencyOrder[]): Promise<EmergencyOutcome> {
  for (;;) {
    await untilProven(run, pending);
    run.recordVerdict();
    showVerdict(run.outcome.proven ? 'pass' : run.outcome.superseded ? 'warn' : 'fail');
    showPhase(run.outcome.detail, ['Waiting only for the evidence to be written']);
    await condition(() => pending.length > 0 || (run.trail.settled && allHandlersFinished()));
    if (pending.length === 0) {
      showPhase(run.outcome.detail);
      return run.outcome;
    }
  }
}

/** Continues as new only once the evidence is written, since unwritten evidence would be lost. */
function shouldMove({ trail }: EmergencyRun): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested && (trail.settled || historyLength > EVENTS_MAX);
}

/** Runs that began before this patch end after the last round: a trader that came back later was never stopped. */
const SENT_ON = 'a-stop-that-is-owed-is-sent-on';

/**
 * In each round, sends what is new and reads the proof. Ends when proven, when superseded, or after the last
 * round, but not while a trader that may come back has not taken every order.
 */
async function untilProven(run: EmergencyRun, pending: EmergencyOrder[]): Promise<void> {
  const { retryMs, retryMsMax, roundsMax } = run.timing;
  let { round, sendsOn } = run.resumesAt;
  while (round <= roundsMax) {
    if (shouldMove(run))
      await continueAsNew<typeof emergencyStop>(run.carriedOver(pending, { round, sendsOn }));
    if (pending.length > 0 && run.take(pending.splice(0))) {
      round = 1;
      sendsOn = false;
    }
    await run.findTargets();
    await run.send();
    const reading = run.read();
    await Promise.race([reading, condition(() => pending.length > 0)]);
    if (pending.length > 0) continue;
    if (run.finished) return;
    run.escalateWhenDue();
    await condition(() => pending.length > 0, backoffMs(round, { firstMs: retryMs, mostMs: retryMsMax }));
    // Once taken, the stop gets all rounds to be proven.
    round = sendsOn && !run.isOwed ? 1 : round + 1;
    sendsOn &&= run.isOwed;
    if (round <= roundsMax || !run.isOwed || !patched(SENT_ON)) continue;
    if (!sendsOn) run.sendOn();
    sendsOn = true;
    round = roundsMax;
  }
  run.giveUp();
}
