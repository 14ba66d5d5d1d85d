/**
 * Always runs, so that a stop can be signalled from Temporal's own UI or command line, and keeps the list of the desk's
 * traders. It carries nothing out itself: the emergency stop is a separate run.
 */
import {
  allHandlersFinished,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AdmittedIncarnation,
  type DeskOwnerInput,
  EMERGENCY_MESSAGES,
  EMERGENCY_TASK_MS,
  type EmergencyOrder,
  emergencyStopLabel,
  INCARNATIONS_MAX,
  isThere,
  TRADER_NAMED_MS,
} from '../../contracts/emergency.js';
import { emergencyStopId } from '../../contracts/queues.js';
import { causeOf } from '../../domain/message-of.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { showPhase } from '../show.js';
import { takeSignalVariants } from '../strange-requests.js';
import { emergencyStop } from './emergency-stop.js';
import { kindOf, toOrder, toOwnerInput } from './input.js';

const stopSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.stop);
const closeAllSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.closeAll);
const killSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.kill);
const admitIncarnation = defineUpdate<readonly AdmittedIncarnation[], [AdmittedIncarnation]>(
  EMERGENCY_MESSAGES.admitIncarnation,
);
const incarnationsQuery = defineQuery<readonly AdmittedIncarnation[]>(EMERGENCY_MESSAGES.incarnations);

const HAND_OVER_ATTEMPTS_MAX = 20;

/** `given`: a `DeskOwnerInput`, or anything else that somebody started the workflow with. */
export async function deskOwner(given: unknown): Promise<void> {
  const input = toOwnerInput(given);
  // A trader admitted before times were recorded counts as seen now; otherwise it would never be gone.
  let admitted: readonly AdmittedIncarnation[] = input.admitted.map((one) => ({
    seenMs: Date.now(),
    ...one,
  }));
  const orders: EmergencyOrder[] = [...input.orders];
  setHandler(stopSignal, (payload) => {
    orders.push(toOrder('stop', payload));
  });
  setHandler(closeAllSignal, (payload) => {
    orders.push(toOrder('closeAll', payload));
  });
  setHandler(killSignal, (payload) => {
    orders.push(toOrder('kill', payload));
  });
  takeSignalVariants((name, payload) => {
    const kind = kindOf(name);
    if (kind !== null) orders.push(toOrder(kind, payload));
    return kind !== null;
  });
  setHandler(incarnationsQuery, () => admitted);
  setHandler(
    admitIncarnation,
    (wanted) => {
      admitted = admit(admitted, wanted);
      show(input.desk, admitted);
      return admitted;
    },
    { validator: refuseMalformed },
  );
  show(input.desk, admitted);

  onCancelRequest(() =>
    log.warn(`${CANCEL_ASKED} on ${workflowInfo().workflowId}: it goes on, a stop must always find it`),
  );

  while (!workflowInfo().continueAsNewSuggested) {
    await condition(() => orders.length > 0 || workflowInfo().continueAsNewSuggested);
    const order = orders.shift();
    if (order) await handOver(input, admitted, order);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof deskOwner>({ ...input, admitted, orders });
}

/** Starts the emergency stop, or signals the running one. Repeats if that run ends between the two calls. */
async function handOver(
  input: DeskOwnerInput,
  admitted: readonly AdmittedIncarnation[],
  order: EmergencyOrder,
): Promise<void> {
  const workflowId = emergencyStopId(input.desk);
  const { kind, ...signal } = order;
  const there = admitted.filter((one) => isThere(one, Date.now()));
  for (let attempt = 1; attempt <= HAND_OVER_ATTEMPTS_MAX; attempt += 1) {
    try {
      await startChild(emergencyStop, {
        workflowId,
        workflowTaskTimeout: EMERGENCY_TASK_MS,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        args: [
          {
            desk: input.desk,
            incarnations: null,
            known: there.map(({ incarnation }) => incarnation),
            gone: admitted.filter((one) => !there.includes(one)),
            orders: [order],
            timing: input.timing,
          },
        ],
        ...emergencyStopLabel(input.desk),
      });
      return;
    } catch (alreadyRuns) {
      try {
        await getExternalWorkflowHandle(workflowId).signal(kind, signal);
        return;
      } catch (ended) {
        log.warn('the emergency stop could not be handed over yet', {
          attempt,
          start: causeOf(alreadyRuns),
          signal: causeOf(ended),
        });
        await sleep(100 * attempt);
      }
    }
  }
  log.error('an emergency stop could not be handed over', { order: order.commandId });
}

/**
 * The traders of the desk, newest last: one per place, and each in one place. Drops the oldest when there are too many.
 * A trader that is gone stays on the list for a while so that it can be named, in addition to those that run and never
 * in place of one.
 */
function admit(
  admitted: readonly AdmittedIncarnation[],
  wanted: AdmittedIncarnation,
): readonly AdmittedIncarnation[] {
  const nowMs = Date.now();
  const { incarnation, place } = wanted;
  const others = admitted.filter((one) => one.place !== place && one.incarnation !== incarnation);
  const there = others.filter((one) => isThere(one, nowMs));
  const gone = others.filter((one) => !there.includes(one) && nowMs - (one.seenMs ?? 0) < TRADER_NAMED_MS);
  return [
    ...gone.slice(-INCARNATIONS_MAX),
    ...[...there, { incarnation, place, seenMs: nowMs }].slice(-INCARNATIONS_MAX),
  ];
}

function refuseMalformed(wanted: AdmittedIncarnation): void {
  if (
    !/^[a-z0-9]{1,40}$/i.test(wanted?.incarnation ?? '') ||
    !/^[a-z0-9]{1,40}$/i.test(wanted?.place ?? '')
  ) {
    throw new Error('expected {incarnation, place}, letters and digits only');
  }
}

function show(desk: string, admitted: readonly AdmittedIncarnation[]): void {
  const traders = admitted
    .map((one) => `${one.incarnation}${isThere(one, Date.now()) ? '' : ' (gone)'}`)
    .join(', ');
  showPhase(`${desk}: ready for a stop`, [
    `Traders: ${traders || 'none has announced itself yet'}`,
    'Stop entries: send the signal `stop` with the reason as text, for example "prices look wrong"',
    'Close every position: send the signal `closeAll` with the reason as text',
    'Close every position, and have two people decide before it trades again: send the signal `kill`',
  ]);
}
