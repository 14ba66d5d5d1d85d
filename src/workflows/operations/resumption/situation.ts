/** Why the desk stopped, and after a drawdown what the person has to know who decides. */
import type { TraderSituation } from '../../../contracts/engine-activities.js';
import { isDrawdown, readDrawdownEvidence, tellOfDrawdown } from './drawdown-evidence.js';
import type { ResumptionRun } from './resumption-run.js';

/** Ends the run where the halt is no longer the one that arming has to quote. */
export async function readSituation(run: ResumptionRun): Promise<TraderSituation> {
  const startedMs = Date.now();
  run.cycle += 1;
  const situation = await run.engine.readSituation.executeWithOptions({ summary: 'Why did it stop?' }, []);
  run.situation = situation;
  if (!run.isExplained) {
    run.isExplained = true;
    const causes = situation.halts.map(({ cause, by, reason }) => `${cause} (${by}): ${reason}`);
    run.record(startedMs, {
      stepKey: 'why',
      name: 'Why trading stopped',
      kind: 'report',
      verdict: 'pass',
      observed: causes.join('; ') || situation.reason,
      expected: `a halt with the rule it is lifted by: ${situation.rule ?? 'none'}`,
    });
  }
  if (situation.mode === 'ACTIVE') run.end('superseded', 'the desk trades: it was armed already');
  else if (situation.haltId !== run.input.haltId) run.end('superseded', 'a newer halt has taken its place');
  return situation;
}

/** Once, after a drawdown: why, by what figures, and which choice there is. */
export async function showDrawdown(run: ResumptionRun, situation: TraderSituation): Promise<void> {
  if (run.evidence !== null || !isDrawdown(situation)) return;
  const startedMs = Date.now();
  run.evidence = await readDrawdownEvidence(run.input);
  run.record(startedMs, {
    stepKey: 'drawdown',
    name: 'Evidence for the decision',
    kind: 'report',
    verdict: 'warn',
    observed: run.evidence.join('\n'),
    expected: 'a person decides, at full or smaller size',
  });
  await tellOfDrawdown(run.input, run.evidence);
}
