import { NO_PARAMETERS } from '../desk/step-parts.js';
import { verifyEvidence } from '../store/evidence-rows.js';
import { check } from './check.js';

/** Verifies the whole hash chain of this desk's evidence. */
export const evidenceUnbroken = check('Evidence is unbroken', NO_PARAMETERS, async ({ desk, pool }) => {
  const proof = await verifyEvidence(pool, desk.desk);
  return {
    verdict: proof.ok ? 'pass' : 'fail',
    observed: proof.ok
      ? `${proof.count} pieces, head ${proof.head.slice(0, 12)}`
      : `evidence ${proof.brokenId}: ${proof.why}`,
    expected: 'every piece of evidence is what was recorded, and none is missing',
  };
});
