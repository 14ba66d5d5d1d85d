// The outcome of one break from its mapped tests, and of all breaks that were tried.

const NOTICED_PART_MIN = 0.95;

/**
 * `ended`: the mapped tests and how they ended. A test that was skipped or did not run counts neither way.
 * @returns {{ outcome: 'noticed' | 'unnoticed' | 'unusable', detail: string }}
 */
export function outcomeOf(ended) {
  const failed = ended.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { outcome: 'noticed', detail: failed.title };
  const left = ended.find(({ status }) => status !== 'passed');
  if (left !== undefined) return { outcome: 'unusable', detail: `${left.title}: ${left.status}` };
  if (ended.length === 0) return { outcome: 'unusable', detail: 'none of the mapped tests ran' };
  return { outcome: 'unnoticed', detail: `${ended.length} mapped tests passed` };
}

/**
 * 0 if enough breaks were noticed, every other one has a reason, all could be tried, and no mapped test fails
 * without a break. `failing`: titles of those that do; they would notice anything.
 */
export function exitCodeOf(failing, tried) {
  const of = (wanted) => tried.filter(({ outcome }) => outcome === wanted);
  const isFine =
    failing.length === 0 &&
    of('unusable').length === 0 &&
    of('noticed').length >= NOTICED_PART_MIN * tried.length &&
    of('unnoticed').every(({ unnoticedBecause }) => unnoticedBecause !== undefined);
  return isFine ? 0 : 1;
}
