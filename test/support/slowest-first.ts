/** The order of the test files: one that takes minutes must not begin when all others have ended. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * By what they took in CI, the longest first; of both projects, so that what waits for a desk runs beside what computes. The
 * rest goes as vitest has it. A list that is out of date costs time and nothing else.
 */
const SLOWEST = [
  'end-to-end/roles-from-environment',
  'simulation/simulation',
  'faults/restored-stores',
  'end-to-end/one-desk',
  'cli/acting',
  'end-to-end/live-desk',
  'faults/killed-processes',
  'worker/serve-builds',
  'backup/restore',
  'end-to-end/slob-desk',
  'cli/sign-in',
  'end-to-end/external-temporal',
  'faults/everything-lost',
  'workflows/continue-as-new',
  'faults/kill-sample',
  'supervisor/supervisor-death',
  'faults/suspended-processes',
  'cli/backtest',
  'end-to-end/telegram-desk',
  'backup/workflows',
  'telegram/commands',
  'end-to-end/two-desks',
  'end-to-end/extend',
  'operations/ended-runs',
  'workflows/buttons-sample',
  'page/said',
  'api/temporal-ui-browser',
  'trader/trader-commands',
].map((name) => `/test/${name}.test.ts`);

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = SLOWEST.findIndex((file) => moduleId.endsWith(file));
      return at < 0 ? SLOWEST.length : at;
    };
    const usual = await super.sort(files);
    return usual.toSorted((one, other) => rank(one) - rank(other));
  }
}
