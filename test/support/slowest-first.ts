/** The order of the test files: one that takes minutes must not begin when all others have ended. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * By what they took in CI, the longest first; of all projects, so that what waits for a desk runs beside what computes. Of the
 * rest those with a process of their own go first: a process that others share ends where one of those comes next. A list that is out of date costs time and nothing else.
 */
const SLOWEST = [
  'end-to-end/slob-desk',
  'end-to-end/slob-builds',
  'end-to-end/roles-from-environment',
  'faults/restored-stores',
  'end-to-end/two-desks',
  'end-to-end/live-desk',
  'end-to-end/one-desk',
  'end-to-end/hanging-role',
  'worker/serve-builds',
  'faults/killed-processes',
  'backup/restore',
  'closing/close-all-at-binance',
  'faults/suspended-processes',
  'end-to-end/extend',
  'end-to-end/extend-checkout',
  'supervisor/supervisor-death',
  'faults/everything-lost',
  'end-to-end/external-temporal',
  'trader/trader-life',
  'trader/paper-accounts',
  'closing/close-all-at-ibkr',
  'workflows/histories/routine',
  'workflows/continue-as-new',
  'cli/sign-in',
  'validation/workflow',
  'cli/acting',
  'simulation/simulation',
  'workflows/buttons-sample',
  'cli/backtest',
  'page/tasks',
  'faults/kill-sample',
  'end-to-end/telegram-desk',
  'telegram/commands',
  'supervisor/up-and-down',
  'backup/workflows',
  'backup/backup',
  'trader/trader-commands',
  'page/axe',
  'api/emergency',
  'page/said',
  'worker/ended-runs',
  'venue-ibkr/desk-file',
].map((name) => `/test/${name}.test.ts`);

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const at = SLOWEST.findIndex((file) => moduleId.endsWith(file));
      return at < 0 ? SLOWEST.length + (project.config.isolate ? 0 : 1) : at;
    };
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => rank(one) - rank(other));
  }
}
