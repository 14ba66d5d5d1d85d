/** What one resumption saw and did, as evidence. A step that is repeated is recorded when it says something else. */
import type { StepEvidence, Verdict } from '../../../contracts/evidence.js';
import type { ResumptionInput } from '../../../contracts/resumption.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { recordCalls } from '../operations-calls.js';

export type Finding = Pick<StepEvidence, 'stepKey' | 'name' | 'kind' | 'verdict' | 'observed' | 'expected'> &
  Partial<Pick<StepEvidence, 'person' | 'reference'>>;

export class Findings {
  readonly trail: EvidenceTrail;
  private readonly lastVerdicts = new Map<string, Verdict>();

  constructor(private readonly input: ResumptionInput) {
    this.trail = new EvidenceTrail(input.desk, recordCalls(input.desk, input.timing.evidenceMs));
  }

  /** `at.cycle` tells repetitions of the same step apart. */
  add(
    at: { readonly startedMs: number; readonly cycle: number; readonly marketMs: number | null },
    said: Finding,
  ): void {
    this.trail.add({
      routine: 'resumption',
      attemptGroup: at.cycle,
      startedMs: at.startedMs,
      finishedMs: Date.now(),
      marketMs: at.marketMs,
      person: null,
      reference: this.input.haltId,
      simulated: this.input.simulated,
      ...said,
    });
  }

  isNews(step: string, verdict: Verdict): boolean {
    const before = this.lastVerdicts.get(step);
    this.lastVerdicts.set(step, verdict);
    return before !== verdict;
  }
}
