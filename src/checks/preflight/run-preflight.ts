/** All checks before a start with real money, in the order of the runbook. */
import type { PreflightReport, PreflightResult, PreflightVerdict } from '../../contracts/preflight.js';
import { messageOf } from '../../domain/message-of.js';
import { approversKeys, dailyLoss, password, stopLoss, telegram, validationReport } from './desk-checks.js';
import { apiKey, auditorKey, balance, keyPermissions, rateLimit, symbols } from './exchange-checks.js';
import type { PreflightCheck, PreflightSubject } from './preflight-check.js';

const PREFLIGHT_CHECKS: readonly PreflightCheck[] = [
  apiKey,
  balance,
  symbols,
  rateLimit,
  stopLoss,
  dailyLoss,
  password,
  validationReport,
  telegram,
  keyPermissions,
  auditorKey,
  approversKeys,
];

export async function runPreflight(subject: PreflightSubject): Promise<PreflightReport> {
  const results = await Promise.all(PREFLIGHT_CHECKS.map((check) => resultOf(check, subject)));
  return {
    desk: subject.desk.desk,
    configHash: subject.configHash,
    endpoint: subject.exchange.endpoint,
    verdict: worst(results),
    results,
    atMs: subject.nowMs,
  };
}

async function resultOf(
  { key, title, look }: PreflightCheck,
  subject: PreflightSubject,
): Promise<PreflightResult> {
  try {
    return { key, title, ...(await look(subject)) };
  } catch (error) {
    const observed = messageOf(error);
    return { key, title, verdict: 'fail', observed, expected: 'the check can be made' };
  }
}

function worst(results: readonly PreflightResult[]): PreflightVerdict {
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return results.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'pass';
}
