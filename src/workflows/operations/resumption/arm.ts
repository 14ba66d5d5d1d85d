import type { TraderSituation } from '../../../contracts/engine-activities.js';
import { causeOf } from '../../../domain/cause-of.js';
import { showPhase } from '../../show.js';
import type { ResumptionRun } from './resumption-run.js';

/** Quotes the halt id and the decisions; the trader checks both once more. */
export async function arm(run: ResumptionRun, situation: TraderSituation, by: string): Promise<void> {
  const startedMs = Date.now();
  showPhase(`Resumption of ${run.input.desk}: arming`, [`decided by ${by}`]);
  const decisions = run.heed();
  const said = {
    stepKey: 'arm',
    kind: 'decision',
    expected: 'the trader accepts the halt id and the decision',
    person: decisions[0]?.person ?? null,
  } as const;
  try {
    const outcome = await run.engine.arm.executeWithOptions({ summary: `Arm, decided by ${by}` }, [
      {
        ...run.command('arm', `resumption after: ${situation.reason}`.slice(0, 500)),
        by,
        haltId: run.input.haltId,
        configHash: situation.configHash,
        decisions,
      },
    ]);
    run.record(startedMs, { ...said, name: 'Armed', verdict: 'pass', observed: outcome.detail });
    run.end('armed', `armed, decided by ${by}`);
  } catch (error) {
    const observed = causeOf(error);
    // Refused, a decision is spent, and the person decides again.
    run.spend(decisions);
    if (decisions.length > 0 || run.findings.isNews('arm', 'fail'))
      run.record(startedMs, { ...said, name: 'Arming refused', verdict: 'fail', observed });
    run.waitFor(`the trader to accept arming: ${observed}`);
  }
}
