/**
 * The gate between every wish for an order and the venue: the only place that makes an approved order. Fails closed.
 */
import { messageOf } from '../domain/message-of.js';
import type { OrderIntent } from '../domain/order.js';
import type { Denial, Limit, RiskCheck, Rule } from './limit.js';
import { GATE, type RiskKey, type RiskNumbers } from './registry.js';

/** The brand that only this gate can apply. A venue accepts nothing else. */
declare const approvedBrand: unique symbol;

export type Approved<T> = T & { readonly [approvedBrand]: true };

export type Verdict =
  | { readonly approved: Approved<OrderIntent>; readonly denial: null }
  | { readonly approved: null; readonly denial: Denial };

export function judge(check: RiskCheck, risk: RiskNumbers): Verdict {
  for (const entry of GATE) {
    const denial = answerOf(entry, check, risk);
    if (denial !== null) return { approved: null, denial };
  }
  return { approved: check.intent as Approved<OrderIntent>, denial: null };
}

/**
 * Limits judge entries only; orders that reduce a position pass them. A limit that throws has not approved.
 */
function answerOf(entry: Rule | Limit<RiskKey>, check: RiskCheck, risk: RiskNumbers): Denial | null {
  try {
    if (entry.setting === null) return entry.judge(check);
    const value = risk[entry.setting.key];
    if (value === undefined || check.intent.purpose !== 'entry') return null;
    return entry.judge(check, value);
  } catch (error) {
    const text = messageOf(error);
    return { limit: 'risk-gate', reason: `a limit could not be computed (${text}), so nothing was sent` };
  }
}
