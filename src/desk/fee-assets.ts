/** Coins that a person keeps for fees: priced by an instrument of the desk, but not traded. */
import type { BrokenRule } from './broken-rule.js';
import type { Desk } from './schema.js';

/** More than the supply of any coin. */
const ALL_OF_IT = '99999999999999999999';

/**
 * Decimal amounts in the account that are not positions of the desk: declared coins, and the whole stock of fee coins.
 */
export function notTheDesks({ venue }: Desk): Readonly<Record<string, string>> {
  const stocks = Object.keys(venue.feeAssets ?? {}).map((asset) => [asset, ALL_OF_IT]);
  return { ...venue.foreign, ...Object.fromEntries(stocks) };
}

export function feeAssetRules(desk: Desk): BrokenRule[] {
  return [...declaredAssets(desk), ...paperStock(desk), ...foreignMoney(desk)];
}

/** Cash is compared as a whole: unlike coins, a part of it can't be set apart. */
function foreignMoney({ paper: { currency }, venue }: Desk): BrokenRule[] {
  const found = venue.foreign[currency];
  if (found === undefined) return [];
  return [
    {
      path: ['venue', 'foreign', currency],
      expected: 'a coin that is not the currency of the account',
      found: currency,
      doThis: `take ${currency} out of venue.foreign, and move what is not the desk’s to another account`,
    },
  ];
}

/** The paper venue values fees at the desk's own prices, and an undeclared coin has none. */
function paperStock({ paper, venue }: Desk): BrokenRule[] {
  return Object.keys(paper.feeStock ?? {})
    .filter((asset) => venue.feeAssets?.[asset] === undefined)
    .map((asset) => ({
      path: ['paper', 'feeStock', asset],
      expected: 'a coin of venue.feeAssets',
      found: asset,
      doThis: `write venue.feeAssets: { ${asset}: ${asset}/${paper.currency} }, or take ${asset} out of paper.feeStock`,
    }));
}

function declaredAssets(desk: Desk): BrokenRule[] {
  return Object.entries(desk.venue.feeAssets ?? {}).flatMap(([asset, symbol]) => {
    const path = ['venue', 'feeAssets', asset];
    const wanted = `${asset}/${desk.paper.currency}`;
    if (symbol !== wanted || !desk.instruments.some((instrument) => instrument.symbol === symbol)) {
      return [
        {
          path,
          expected: `${wanted}, one of the desk’s instruments`,
          found: symbol,
          doThis: `write ${asset}: ${wanted}, and add ${wanted} to instruments: its price values the fees`,
        },
      ];
    }
    const trader = desk.strategies.find(({ symbols }) => symbols.includes(symbol));
    if (trader === undefined) return [];
    return [
      {
        path,
        expected: 'a coin that no strategy trades',
        found: `${symbol}, which ${trader.name} trades`,
        doThis: `take ${symbol} out of ${trader.name}, or ${asset} out of venue.feeAssets`,
      },
    ];
  });
}
