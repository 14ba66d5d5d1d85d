/** Gives each activity an id of its own and takes only that one's answer: docs/SECURITY.md. */
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

/** A thief that answers every time costs time, and in the end the step, which then has failed. */
const FORGED_MAX = 20;
const PAUSE_MS = 500;

/** Of this run; runs from before keep the old rule until they end. */
let bound: boolean | null = null;
const forged = new Map<string, number>();

type Schedule = NonNullable<WorkflowOutboundCallsInterceptor['scheduleActivity']>;

export const bindAnswers: { readonly scheduleActivity: Schedule } = {
  // Without a promise of its own around those of runs from before: one more would change the order of their commands.
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
