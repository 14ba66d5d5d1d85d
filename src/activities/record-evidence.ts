import { recordEvidenceBatch } from '../store/evidence/record-evidence.js';
import type { Pool } from '../store/pool.js';
import type { RunIdentity, StepEvidence } from '../workflows/evidence.js';

/** Of every procedure, whichever worker carries it out. */
export interface EvidenceActivities {
  /** All of them or none, in this order; one row per run, step and attempt group, however often it is tried. */
  recordEvidenceBatch(run: RunIdentity, steps: readonly StepEvidence[]): Promise<void>;
}

export function createEvidenceActivities(pool: Pool): EvidenceActivities {
  return {
    recordEvidenceBatch: async (run, steps) => {
      await recordEvidenceBatch(
        pool,
        steps.map((step) => ({ ...run, ...step })),
      );
    },
  };
}
