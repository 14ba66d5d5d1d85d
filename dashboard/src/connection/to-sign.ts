/** What a person's own vote can be about, as `GET /api/signing` takes it. */
import type { CoinOwner } from '../../../src/domain/coins.js';

export interface CoinsSaid {
  readonly symbol: string;
  readonly owner: CoinOwner;
  readonly cost: string | null;
}

export type ToSign =
  | { readonly approval: string }
  | { readonly coins: CoinsSaid }
  | { readonly sizePct: number | undefined };

export function signingQuery(about: ToSign): string {
  if ('approval' in about) return `?approval=${encodeURIComponent(about.approval)}`;
  if ('coins' in about) {
    const { symbol, owner, cost } = about.coins;
    return `?coins=${encodeURIComponent(symbol)}&owner=${owner}${cost === null ? '' : `&cost=${encodeURIComponent(cost)}`}`;
  }
  return about.sizePct === undefined ? '' : `?sizePct=${about.sizePct}`;
}
