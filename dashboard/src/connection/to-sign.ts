/** What a person's own vote can be about, as `GET /api/signing` accepts it. */
import type { CoinOwner, SigningQuery } from '../api/shapes.js';

export interface CoinsSaid {
  readonly symbol: string;
  readonly owner: CoinOwner;
  readonly cost: string | null;
}

export type ToSign =
  | { readonly approval: string }
  | { readonly coins: CoinsSaid }
  /** Another size without a resumption. */
  | { readonly size: number }
  | { readonly sizePct: number | undefined };

export function signingQuery(about: ToSign): SigningQuery {
  if ('approval' in about) return { approval: about.approval };
  if ('coins' in about) {
    const { symbol, owner, cost } = about.coins;
    return { coins: symbol, owner, ...(cost === null ? {} : { cost }) };
  }
  if ('size' in about) return { size: about.size };
  return about.sizePct === undefined ? {} : { sizePct: about.sizePct };
}
