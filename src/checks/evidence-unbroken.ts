import { verifyEvidence } from '../store/evidence/verify-evidence.js';
import type { Check } from './check.js';

/** Walks the whole hash chain of this desk's evidence. */
export const evidenceUnbroken: Check = async ({ desk, pool }) => {
  const proof = await verifyEvidence(pool, desk.desk);
  return {
    verdict: proof.ok ? 'pass' : 'fail',
    observed: proof.ok
      ? `${proof.count} pieces, head ${proof.head.slice(0, 12)}`
      : `evidence ${proof.brokenId}: ${proof.why}`,
    expected: 'every piece of evidence is what was recorded, and none is missing',
  };
};
