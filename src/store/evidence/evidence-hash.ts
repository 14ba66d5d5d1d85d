import { createHash } from 'node:crypto';
import type { EvidenceInput } from '../../contracts/evidence.js';
import { plainText } from '../plain-text.js';
import { TEXT_CHARS_MAX } from './evidence.js';

/** Exactly the form that Postgres returns, because the hash is recomputed from there. */
export function normaliseEvidence(input: EvidenceInput): Required<EvidenceInput> {
  return {
    desk: plain(input.desk),
    workflowId: plain(input.workflowId),
    firstRunId: plain(input.firstRunId),
    runId: plain(input.runId),
    routine: plain(input.routine),
    stepKey: plain(input.stepKey),
    attemptGroup: input.attemptGroup ?? 0,
    name: plain(input.name),
    kind: input.kind,
    verdict: input.verdict,
    observed: plain(input.observed),
    expected: plain(input.expected),
    startedMs: Math.trunc(input.startedMs),
    finishedMs: Math.trunc(input.finishedMs),
    marketMs: input.marketMs === null ? null : Math.trunc(input.marketMs),
    person: input.person === null ? null : plain(input.person),
    reference: input.reference === null ? null : plain(input.reference),
    simulated: input.simulated,
  };
}

/**
 * Hex SHA-256. Keys are sorted, so that the order of columns doesn't matter, neither the writer's nor the database's.
 */
export function evidenceHash(previousHash: string, evidence: Required<EvidenceInput>): string {
  const keys = Object.keys(evidence).sort() as (keyof EvidenceInput)[];
  const canonical = JSON.stringify(keys.map((key) => [key, evidence[key]]));
  return createHash('sha256').update(previousHash).update('\n').update(canonical).digest('hex');
}

function plain(text: string): string {
  return plainText(text.length > TEXT_CHARS_MAX ? `${text.slice(0, TEXT_CHARS_MAX)} … (cut)` : text);
}
