/** A request for a validation, from whatever source. What is left out comes from the desk file. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { LoadedDesk } from '../desk/load.js';
import type { MarketChoice } from '../home/runtime.js';
import type { Criteria } from './criteria.js';
import type { ValidationRequest } from './request.js';

/** Where the runbook looks for reports. */
const REPORT_FOLDER = 'data';

export interface ValidationAsked {
  readonly id?: string | undefined;
  readonly durationMs: number;
  readonly beginMs?: number;
  readonly market: MarketChoice;
  readonly criteria?: { readonly [C in keyof Criteria]?: Criteria[C] | undefined };
  readonly requestedBy: string;
}

export function newRequest(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { id, durationMs, beginMs, market, criteria = {}, requestedBy }: ValidationAsked,
  nowMs: number,
): ValidationRequest {
  const { minTrades, minWinRatePct, minSharpe, maxDrawdownPct } = desk.goLive.criteria;
  return {
    version: 1,
    id: id ?? newId(nowMs),
    desk: desk.desk,
    configHash,
    createdMs: nowMs,
    durationMs,
    ...(beginMs === undefined ? {} : { beginMs }),
    market,
    criteria: {
      minTrades: criteria.minTrades ?? minTrades,
      minWinRatePct: criteria.minWinRatePct ?? minWinRatePct,
      minSharpe: criteria.minSharpe ?? minSharpe,
      maxDrawdownPct: criteria.maxDrawdownPct ?? maxDrawdownPct,
    },
    reportFolder: resolve(REPORT_FOLDER),
    requestedBy,
  };
}

/** Sorts by time; two of the same moment differ. */
function newId(nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'z')
    .replaceAll(/[-:]/g, '')
    .toLowerCase();
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}
