/** Runs the checks that keep a halted desk from trading: a change is signalled, but not recorded. */
import type { Check, CheckContext } from '../checks/check.js';
import { CHECKS } from '../checks/registry.js';
import { startRoutineOf } from '../temporal/resumption-start.js';

/** Names of the checks that block trading now. Never rejects. */
export type FailingChecks = () => Promise<readonly string[]>;

export function failingChecksOf(
  context: CheckContext,
  checks: ReadonlyMap<string, Check> = CHECKS,
): FailingChecks {
  const blocking = (startRoutineOf(context.desk)?.steps ?? []).filter(
    ({ check, onFail }) => check !== undefined && onFail !== 'note' && onFail !== 'warn',
  );
  return async () => {
    const looked = await Promise.all(
      blocking.map(async ({ key, check = '', with: parameters, timeoutSeconds }) => {
        const stepMs = timeoutSeconds * 1_000;
        const answer = checks.get(check)?.({ ...context, stepMs }, parameters);
        const passed = await within(stepMs, answer);
        return passed ? [] : [key];
      }),
    );
    return looked.flat();
  };
}

/** False if it fails, throws or doesn't answer in time. */
async function within(ms: number, answer: ReturnType<Check> | undefined): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    const outcome = await Promise.race([answer, late]);
    return outcome !== null && outcome !== undefined && outcome.verdict !== 'fail';
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
