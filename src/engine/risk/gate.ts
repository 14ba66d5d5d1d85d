/** The gate between every wish and the venue: the only place that makes an approved order. Fails closed. */
import { messageOf } from '../../domain/message-of.js';
import type { OrderIntent } from '../../domain/order.js';
import type { Approved } from './approved.js';
import type { Denial, RiskCheck, RiskLimit } from './check.js';
import { dailyLossLimit } from './daily-loss.js';
import { drawdownLimit } from './drawdown.js';
import { feeValueLimit } from './fee-value.js';
import { goLiveLimit } from './go-live.js';
import { modeLimit } from './mode.js';
import { openPositionsLimit } from './open-positions.js';
import { positionSizeLimit } from './position-size.js';
import { protectableLimit } from './protectable.js';
import { reducesLimit } from './reduces.js';
import { staleDataLimit } from './stale-data.js';
import { stopLossRequiredLimit } from './stop-loss-required.js';
import { venueBreakerLimit } from './venue-breaker.js';

/** In the order in which a person would want to hear of them. */
const RISK_LIMITS: readonly RiskLimit[] = [
  modeLimit,
  goLiveLimit,
  reducesLimit,
  staleDataLimit,
  venueBreakerLimit,
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
