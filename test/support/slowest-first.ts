/** The order of the test files: one that takes minutes must not begin when all others have ended. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * By what they took in CI, the longest first; of all projects, so that what waits for a desk runs beside what computes. Of the
 * rest those with a process of their own go first: a process that others share ends where one of those comes next. A list that is out of date costs time and nothing else.
 */
const SLOWEST = [
  'end-to-end/roles-from-environment',
  'backup/restore',
  'closing/close-all-at-binance',
  'worker/serve-builds',
  'end-to-end/one-desk',
  'end-to-end/slob-builds',
  'end-to-end/slob-desk',
  'end-to-end/live-desk',
  'end-to-end/extend-checkout',
  'cli/backtest',
  'simulation/simulation',
  'end-to-end/two-desks',
  'faults/restored-stores',
  'faults/killed-processes',
  'end-to-end/different-keys',
  'supervisor/supervisor-death',
  'end-to-end/hanging-role',
  'page/tasks',
  'supervisor/companion',
  'end-to-end/paper-twin',
  'backtest/live',
  'cli/acting',
  'page/said',
  'go-live/preflight',
  'faults/everything-lost',
  'telegram/approvals',
  'faults/suspended-processes',
  'end-to-end/telegram-desk',
  'end-to-end/gateway-program',
  'backup/workflows',
  'trader/trader-life',
  'backtest/shortcuts',
  'end-to-end/external-temporal',
  'end-to-end/extend',
  'supervisor/up-and-down',
  'faults/kill-sample',
  'backup/backup',
  'operations/operations',
  'simulation/compile-closure',
  'venue-ibkr/desk-file',
  'api/temporal-ui-browser',
  'workflows/continue-as-new',
  'go-live/procedure',
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
