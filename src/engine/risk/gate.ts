/** The gate between every wish and the venue: the only place that makes an approved order. Fails closed. */
import { messageOf } from '../../domain/message-of.js';
import type { OrderIntent } from '../../domain/order.js';
import type { Approved } from './approved.js';
import type { Denial, RiskCheck, RiskLimit } from './check.js';
import {
  closedInstrumentLimit,
  dailyLossLimit,
  drawdownLimit,
  feeValueLimit,
  goLiveLimit,
  modeLimit,
  openPositionsLimit,
  positionSizeLimit,
  protectableLimit,
  reducesLimit,
  staleDataLimit,
  stopLossRequiredLimit,
  venueBreakerLimit,
} from './entry-checks.js';

/** In the order in which a person would want to hear of them. */
const RISK_LIMITS: readonly RiskLimit[] = [
  modeLimit,
  goLiveLimit,
  reducesLimit,
  staleDataLimit,
  venueBreakerLimit,
  closedInstrumentLimit,
  feeValueLimit,
  stopLossRequiredLimit,
  dailyLossLimit,
  drawdownLimit,
  openPositionsLimit,
  positionSizeLimit,
  protectableLimit,
];

export type Verdict =
  | { readonly approved: Approved<OrderIntent>; readonly denial: null }
  | { readonly approved: null; readonly denial: Denial };

export function judge(check: RiskCheck): Verdict {
  for (const limit of RISK_LIMITS) {
    const denial = answerOf(limit, check);
    if (denial !== null) return { approved: null, denial };
  }
  return { approved: check.intent as Approved<OrderIntent>, denial: null };
}

/** A limit that throws has not approved. */
function answerOf(limit: RiskLimit, check: RiskCheck): Denial | null {
  try {
    return limit(check);
  } catch (error) {
    const text = messageOf(error);
    return { limit: 'risk-gate', reason: `a limit could not be computed (${text}), so nothing was sent` };
  }
}
