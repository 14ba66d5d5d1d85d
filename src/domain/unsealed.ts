/** What a workflow may believe: messages that our own processes have sealed, and answers of its own activities. */

/**
 * What reached a workflow without our seal: sent by Temporal's own UI, command line or API, or changed on its way. It
 * is wrapped, so that nothing can mistake it for a message of our own processes. A stop is read from it, a decision
 * never.
 */
export interface Unsealed {
  readonly unsealed: unknown;
}

export function isUnsealed(value: unknown): value is Unsealed {
  return typeof value === 'object' && value !== null && 'unsealed' in value;
}

const ID_PREFIX = 'bound-';

interface BoundAnswer {
  readonly answerOf: string;
  readonly value?: unknown;
}

/** `unique`: 128 random bits. */
export const boundActivityId = (unique: string): string => `${ID_PREFIX}${unique}`;

/** Other ids belong to runs that were begun before answers were bound. */
export const isBoundActivityId = (id: string): boolean => id.startsWith(ID_PREFIX);

/**
 * Gives an activity's answer a form that nothing else has. Anybody who polls a task queue could answer with a sealed
 * payload that was seen before. An answer of another activity does not open, since its seal names workflow and
 * activity id, and ids are unique. The activity's own arguments, or no payload at all, do not count as an answer.
 */
export const boundAnswer = (activityType: string, value: unknown): BoundAnswer => ({
  answerOf: activityType,
  value,
});

export function isAnswerOf(activityType: string, answer: unknown): answer is BoundAnswer {
  return (
    typeof answer === 'object' && answer !== null && 'answerOf' in answer && answer.answerOf === activityType
  );
}
