/** Who decides about real money, and what a validation must show for it. */

import { HOUR_MS } from '../domain/civil-date.js';
import { APPROVER, namesWith } from '../domain/roles.js';
import type { Desk } from './schema.js';

/** The approvers that the desk file names for it, or everybody with the role approver if it names none. */
export function goLiveApprovers({ goLive, people }: Pick<Desk, 'goLive' | 'people'>): readonly string[] {
  const approvers = namesWith(people, APPROVER);
  return goLive.approvers === undefined
    ? approvers
    : goLive.approvers.filter((named) => approvers.includes(named));
}

const VALIDATION_HOURS = 48;
const GO_VALID_DAYS = 14;

/**
 * What a validation must show for real money. Defaults are applied here and not in the schema, so that a file without
 * these keys keeps its hash.
 */
export function goLiveValidation({ goLive }: Pick<Desk, 'goLive'>): {
  readonly durationMsMin: number;
  readonly validMs: number;
} {
  return {
    durationMsMin: (goLive.validationHours ?? VALIDATION_HOURS) * HOUR_MS,
    validMs: (goLive.validForDays ?? GO_VALID_DAYS) * 24 * HOUR_MS,
  };
}

/** How many of the votes about real money may come through a chat if `needed` people decide. */
export function chatVotesMax({ goLive }: Pick<Desk, 'goLive'>, needed: number): number {
  return goLive.telegramVotes ?? (needed >= 2 ? 1 : 0);
}
