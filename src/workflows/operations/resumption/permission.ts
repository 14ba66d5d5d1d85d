import type { TraderSituation } from '../../../contracts/engine-activities.js';
import type { Decision } from '../../../domain/decision.js';

export type Permission =
  | { readonly granted: true; readonly by: string }
  | { readonly granted: false; readonly waitsFor: string };

/**
 * The strictest rule of all active halts counts. A person may do what the rule would do later.
 * `held`: no rule counts any more.
 */
export function permissionOf(
  situation: Pick<TraderSituation, 'rule' | 'nextDay'>,
  decisions: readonly Pick<Decision, 'person'>[],
  held: boolean,
): Permission {
  const people = [...new Set(decisions.map(({ person }) => person))];
  if (situation.rule === 'two-people') {
    if (people.length >= 2) return { granted: true, by: people.join(' and ') };
    return { granted: false, waitsFor: `${2 - people.length} more of two people to decide` };
  }
  const [person] = people;
  if (person !== undefined) return { granted: true, by: person };
  if (held) return { granted: false, waitsFor: 'a person to decide: this resumption was cancelled' };
  if (situation.rule === 'auto' || situation.rule === null) return { granted: true, by: 'rule auto' };
  if (situation.rule === 'next-day') {
    if (situation.nextDay?.reached) return { granted: true, by: 'rule next-day' };
    const at = situation.nextDay ? new Date(situation.nextDay.atMarketMs).toISOString() : 'its begin';
    return {
      granted: false,
      waitsFor: `the next trading day (${at} by market time), or a person's decision`,
    };
  }
  return { granted: false, waitsFor: 'a person to decide' };
}
