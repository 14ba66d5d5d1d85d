/** A desk on which only what a cell asks for happens: nothing is due by the clock, and no limit of losses stops it. */
import { variantOfCryptoBot } from '../desk-files.js';

/** What a killed worker had in its hands is tried again after this time. */
const CHECK_SECONDS = 5;

/** Every kind of step; run by the cells only. */
export const EVERY_KIND = {
  name: 'every-kind',
  title: 'Every kind of step',
  steps: [
    { key: 'venue', check: 'venue-reachable', title: 'Venue reachable', timeoutSeconds: CHECK_SECONDS },
    { key: 'disk', check: 'disk-space', title: 'Disk space', timeoutSeconds: CHECK_SECONDS },
    { key: 'costs', report: 'costs', title: 'Fees and slippage', timeoutSeconds: CHECK_SECONDS },
    { key: 'backup', action: 'backup', title: 'Backup, verified' },
    { key: 'read', human: 'Read what was found.', title: 'Read it' },
  ],
} as const;

export const START = {
  name: 'pre-market',
  title: 'Pre-market',
  onStart: true,
  steps: [
    {
      key: 'venue',
      check: 'venue-reachable',
      title: 'Venue reachable',
      onFail: 'halt',
      timeoutSeconds: CHECK_SECONDS,
    },
    {
      key: 'data',
      check: 'data-fresh',
      title: 'Market data fresh',
      onFail: 'halt',
      timeoutSeconds: CHECK_SECONDS,
    },
    { key: 'database', check: 'database', title: 'Database answers', timeoutSeconds: CHECK_SECONDS },
  ],
} as const;

/** Averages that cross every few minutes, so that there is soon something to close. */
const QUICK = { fastBars: 5, slowBars: 13, atrStopMultiple: 3 };

export function deskForKills(folder: string): string {
  return variantOfCryptoBot(folder, [
    [['routines'], [START, EVERY_KIND]],
    ...Object.entries(QUICK).map(([name, value]) => [['strategies', 0, 'parameters', name], value] as const),
    [['risk', 'dailyLossLimitPct'], 90],
    [['risk', 'maxDrawdownPct'], 90],
    [['breakers', 'strategyMaxConsecutiveLosses'], 1000],
  ]);
}
