/**
 * The runbook's eight items before real money, stricter than the pre-flight: what only warns at a start forbids going
 * live. The second item is a person's; the caller says whether it was done.
 */

import type { ChecklistItem } from '../../contracts/go-live.js';
import type { PreflightReport, PreflightResult } from '../../contracts/published.js';
import { type JudgedDesk as CheckedDesk, judgedStart } from '../../desk/strategy-rules.js';

/** The check for approvers who can’t sign. It forbids nothing: they may still enrol a key while they are asked. */
export const APPROVERS_KEYS = 'approvers-keys';

/** `reviewedBy`: who reviewed the validation report; null: nobody yet. */
export function preLiveChecklist(
  desk: CheckedDesk,
  report: PreflightReport,
  reviewedBy: string | null,
): readonly ChecklistItem[] {
  const item = (key: string, title: string): ChecklistItem => itemOf(resultOf(report, key), title);
  return [
    item('validation', '1 Paper validation returns GO'),
    {
      key: 'review',
      title: '2 Validation report reviewed',
      done: reviewedBy !== null,
      observed: reviewedBy === null ? 'nobody has reviewed it' : `reviewed by ${reviewedBy}`,
      expected: 'a person has reviewed win rate, Sharpe and drawdown',
    },
    item('password', '3 Real dashboard password'),
    item('stop-loss', '4 Stop-loss'),
    item('daily-loss', '5 Daily loss limit'),
    startSize(desk),
    item('telegram', '7 Telegram notifications'),
    item('key-permissions', '8 Key permissions: spot only, no withdrawal'),
  ];
}

function startSize(desk: CheckedDesk): ChecklistItem {
  const { isSmall, observed, expected } = judgedStart(desk);
  return {
    key: 'start-size',
    title: '6 Conservative risk at first',
    done: isSmall,
    observed: `goLive.start: ${observed}`,
    expected,
  };
}

/** Everything that forbids going live now, in words; with `reviewedBy` null, the missing review as well. */
export function goLiveObstacles(
  desk: CheckedDesk,
  report: PreflightReport,
  reviewedBy: string | null,
): readonly string[] {
  const items = preLiveChecklist(desk, report, reviewedBy).filter(({ done }) => !done);
  const listed = new Set(items.map(({ key }) => key));
  const failed = report.results.filter(({ key, verdict }) => verdict === 'fail' && !listed.has(key));
  return [...items, ...failed].map(
    ({ title, observed, expected }) => `${title}: ${observed} (expected: ${expected})`,
  );
}

function itemOf({ key, verdict, observed, expected }: PreflightResult, title: string): ChecklistItem {
  // An IP address list is recommended, but not one of the runbook's items.
  const done = verdict === 'pass' || (key === 'key-permissions' && verdict === 'warn');
  return { key, title, done, observed, expected };
}

function resultOf({ results }: PreflightReport, key: string): PreflightResult {
  const found = results.find((result) => result.key === key);
  if (found === undefined) throw new RangeError(`no pre-flight check ${key}`);
  return found;
}
