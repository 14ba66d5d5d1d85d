/** What a workflow may trust: messages sealed by our own processes, and answers of its own activities. */

/**
 * A message that reached a workflow without our seal: sent by Temporal's own UI, command line or API, or
 * changed on its way. It is wrapped so that nothing mistakes it for a message of our own processes. It can
 * carry a stop, but never a decision.
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

/** Other ids belong to runs that began before answers were bound. */
export const isBoundActivityId = (id: string): boolean => id.startsWith(ID_PREFIX);

/**
 * Puts an activity's answer in a form that nothing else has. Anybody polling a task queue could answer with a
 * sealed payload seen before. Another activity's answer does not open: its seal names workflow and activity
 * id, and ids are unique. The activity's own arguments, or no payload, do not count as an answer.
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
