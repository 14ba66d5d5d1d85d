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

/** Limits judge entries only; orders that reduce a position pass them. */
const RULES: readonly Rule[] = GATE.filter((entry) => entry.setting === null);

export function judge(check: RiskCheck, risk: RiskNumbers): Verdict {
  const denial =
    check.intent.purpose === 'entry' ? denialOf(GATE, check, risk) : denialOf(RULES, check, risk);
  if (denial !== null) return { approved: null, denial };
  return { approved: check.intent as Approved<OrderIntent>, denial: null };
}

/** A limit that throws has not approved. */
function denialOf(
  entries: readonly (Rule | Limit<RiskKey>)[],
  check: RiskCheck,
  risk: RiskNumbers,
): Denial | null {
  try {
    for (const entry of entries) {
      const denial =
        entry.setting === null ? entry.judge(check) : judgedBy(entry, check, risk[entry.setting.key]);
      if (denial !== null) return denial;
    }
    return null;
  } catch (error) {
    const text = messageOf(error);
    return { limit: 'risk-gate', reason: `a limit could not be computed (${text}), so nothing was sent` };
  }
}

function judgedBy(limit: Limit<RiskKey>, check: RiskCheck, value: number | undefined): Denial | null {
  return value === undefined ? null : limit.judge(check, value);
}
