/**
 * Always runs, so that a stop can be signalled from Temporal's own UI or command line, and knows every trader of the
 * desk. Carries nothing out itself: the emergency stop is a run of its own.
 */
import {
  allHandlersFinished,
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
import { causeOf } from '../../domain/cause-of.js';
import { emergencyStopId } from '../queues.js';
import { showPhase } from '../show.js';
import {
  type AdmittedIncarnation,
  type DeskOwnerInput,
  EMERGENCY_MESSAGES,
  EMERGENCY_TASK_MS,
  type EmergencyOrder,
  emergencyStopLabel,
  INCARNATIONS_MAX,
} from './contract.js';
import { emergencyStop } from './emergency-stop.js';
import { toOrder } from './order.js';

const stopSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.stop);
const closeAllSignal = defineSignal<[unknown]>(EMERGENCY_MESSAGES.closeAll);
const admitIncarnation = defineUpdate<readonly AdmittedIncarnation[], [AdmittedIncarnation]>(
  EMERGENCY_MESSAGES.admitIncarnation,
);
const incarnationsQuery = defineQuery<readonly AdmittedIncarnation[]>(EMERGENCY_MESSAGES.incarnations);

const HAND_OVER_ATTEMPTS_MAX = 20;

export async function deskOwner(input: DeskOwnerInput): Promise<void> {
  let admitted = input.admitted;
  const orders: EmergencyOrder[] = [...input.orders];
  setHandler(stopSignal, (payload) => {
    orders.push(toOrder('stop', payload));
  });
  setHandler(closeAllSignal, (payload) => {
    orders.push(toOrder('closeAll', payload));
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

  while (!workflowInfo().continueAsNewSuggested) {
    await condition(() => orders.length > 0 || workflowInfo().continueAsNewSuggested);
    const order = orders.shift();
    if (order) await handOver(input, admitted, order);
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof deskOwner>({ ...input, admitted, orders });
}

/** Starts the emergency stop, or signals the one that runs; repeats when one ends between the two. */
async function handOver(
  input: DeskOwnerInput,
  admitted: readonly AdmittedIncarnation[],
  order: EmergencyOrder,
): Promise<void> {
  const workflowId = emergencyStopId(input.desk);
  const { kind, ...signal } = order;
  for (let attempt = 1; attempt <= HAND_OVER_ATTEMPTS_MAX; attempt += 1) {
    try {
      await startChild(emergencyStop, {
        workflowId,
        workflowTaskTimeout: EMERGENCY_TASK_MS,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [
          {
            desk: input.desk,
            incarnations: admitted.map(({ incarnation }) => incarnation),
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

/** Newest last; one a place; the oldest goes where there are too many. */
function admit(
  admitted: readonly AdmittedIncarnation[],
  wanted: AdmittedIncarnation,
): readonly AdmittedIncarnation[] {
  return [...admitted.filter(({ place }) => place !== wanted.place), wanted].slice(-INCARNATIONS_MAX);
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
  const traders = admitted.map(({ incarnation }) => incarnation).join(', ');
  showPhase(`${desk}: ready for a stop`, [
    `Traders: ${traders || 'none has announced itself yet'}`,
    'Stop entries: send the signal `stop` with the reason as text, for example "prices look wrong"',
    'Close every position: send the signal `closeAll` with the reason as text',
  ]);
}
