/** Gives each activity a random id and accepts only the answer that carries it: docs/SECURITY.md. */
import {
  ApplicationFailure,
  log,
  patched,
  scheduleActivity,
  sleep,
  uuid4,
  type WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { boundActivityId, isAnswerOf } from '../domain/bound-answer.js';

/** An impostor that answers every time costs time; after this many forged answers the step fails. */
const FORGED_MAX = 20;
const PAUSE_MS = 500;

/** Whether this run checks answers. Runs that began before `bound-answers` don't, until they end. */
let bound: boolean | null = null;
const forged = new Map<string, number>();

type Schedule = NonNullable<WorkflowOutboundCallsInterceptor['scheduleActivity']>;

export const bindAnswers: { readonly scheduleActivity: Schedule } = {
  // Not async: for runs that began before the patch, one more promise would change the order of their commands.
  scheduleActivity: (input, next) => {
    bound ??= patched('bound-answers');
    return bound ? answered(input, next) : next(input);
  },
};

async function answered(...[input, next]: Parameters<Schedule>): Promise<unknown> {
  const { activityType, args, options } = input;
  const activityId = boundActivityId(uuid4());
  const answer = await next({ ...input, options: { ...options, activityId } });
  if (isAnswerOf(activityType, answer)) {
    forged.delete(activityType);
    return answer.value;
  }
  const times = (forged.get(activityType) ?? 0) + 1;
  forged.set(activityType, times);
  log.warn(`what answered ${activityType} was none of our workers: it is asked again`, { times });
  if (times >= FORGED_MAX) {
    const message = `${activityType} was answered ${times} times by somebody else`;
    throw ApplicationFailure.nonRetryable(message, 'ForgedAnswer');
  }
  await sleep(PAUSE_MS);
  return scheduleActivity(activityType, args, options);
}
