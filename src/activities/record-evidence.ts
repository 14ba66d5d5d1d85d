import type { EvidenceActivities } from '../contracts/evidence.js';
import { recordEvidenceBatch } from '../store/evidence.js';
import type { Pool } from '../store/pool.js';

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
