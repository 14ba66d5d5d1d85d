/** Who decides about real money. */

import { HOUR_MS } from '../domain/civil-date.js';
import { APPROVER, namesWith } from '../domain/roles.js';
import type { Desk } from './schema.js';

/** Those whom the desk file names for it; where it names nobody, everybody with the role approver. */
export function goLiveApprovers({ goLive, people }: Pick<Desk, 'goLive' | 'people'>): readonly string[] {
  const approvers = namesWith(people, APPROVER);
  return goLive.approvers === undefined
    ? approvers
    : goLive.approvers.filter((named) => approvers.includes(named));
}

const VALIDATION_HOURS = 48;
const GO_VALID_DAYS = 14;

/** What a validation has to be for real money. Filled in here and not in the schema: a file that says nothing keeps its hash. */
export function goLiveValidation({ goLive }: Pick<Desk, 'goLive'>): {
  readonly durationMsMin: number;
  readonly validMs: number;
} {
  return {
    durationMsMin: (goLive.validationHours ?? VALIDATION_HOURS) * HOUR_MS,
    validMs: (goLive.validForDays ?? GO_VALID_DAYS) * 24 * HOUR_MS,
  };
}

/** Of votes about real money that this many people decide: how many may come through a chat. */
export function chatVotesMax({ goLive }: Pick<Desk, 'goLive'>, needed: number): number {
  return goLive.telegramVotes ?? (needed >= 2 ? 1 : 0);
}
