/** Signs reports, so that one that was edited, or made elsewhere, can be told from one of this installation. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SignedReport, ValidationReport } from './report.js';

/** Keeps a seal from being taken for anything else that the key signs. */
const PURPOSE = 'fermata validation report';

/** `key`: the installation's decision key, hex. Null: it has none yet, and nothing is sealed. */
export function signReport(key: string | null, report: ValidationReport): SignedReport {
  const hash = reportHash(report);
  return { ...report, hash, seal: key === null ? null : sealOf(key, hash) };
}

/** True if content and hash match and the seal is of this installation. */
export function isGenuine(key: string, { hash, seal, ...report }: SignedReport): boolean {
  if (seal === null) return false;
  const expected = Buffer.from(sealOf(key, reportHash(report)));
  const found = Buffer.from(seal);
  return hash === reportHash(report) && found.length === expected.length && timingSafeEqual(found, expected);
}

/** SHA-256, hex, over the report with the keys of every object sorted. */
function reportHash(report: ValidationReport): string {
  return createHash('sha256').update(sortedJson(report)).digest('hex');
}

function sealOf(key: string, hash: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(`${PURPOSE}\n${hash}`).digest('hex');
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
