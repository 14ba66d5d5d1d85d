/**
 * What an activity answers, in a form that nothing else has. Whoever polls a task queue could answer with any sealed
 * payload that was seen before: one of another activity doesn't open (its seal names workflow and activity, whose id is
 * unique), the activity's own arguments, or nothing at all, are no answer.
 */
const ID_PREFIX = 'bound-';

export interface BoundAnswer {
  readonly answerOf: string;
  readonly value?: unknown;
}

/** `unique`: 128 random bits. */
export const boundActivityId = (unique: string): string => `${ID_PREFIX}${unique}`;

/** Others are of runs that were begun before answers were bound. */
export const isBoundActivityId = (id: string): boolean => id.startsWith(ID_PREFIX);

export const boundAnswer = (activityType: string, value: unknown): BoundAnswer => ({
  answerOf: activityType,
  value,
});

export function isAnswerOf(activityType: string, answer: unknown): answer is BoundAnswer {
  return (
    typeof answer === 'object' && answer !== null && 'answerOf' in answer && answer.answerOf === activityType
  );
}
