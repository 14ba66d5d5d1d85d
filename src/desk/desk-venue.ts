/**
 * The venue of a desk: how its symbols are written there, whether orders leave, and coins that a person
 * keeps for fees (priced by an instrument of the desk, but not traded).
 */
import type { Instrument } from '../domain/instrument.js';
import type { OrderCapabilities } from '../domain/order-bounds.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';

/** How the symbols of one kind of instrument are written at a venue. */
interface SymbolForm {
  readonly form: RegExp;
  /** Describes the parts before and after the slash. */
  readonly parts: string;
  /** A symbol of this form. */
  readonly example: string;
}

/** What a venue accepts for one kind of instrument. */
export interface TakenOrders {
  readonly symbols: SymbolForm;
  /** What it can do in them: the same is used by gate, core and status. */
  readonly can: OrderCapabilities;
  /** The only lot size, for example "1" if nothing trades in fractions. Null: each symbol has its own. */
  readonly lotSize: string | null;
  /** Stop orders of one instrument that may rest at a time. Null: more than a desk's strategies need. */
  readonly stopsMax: number | null;
}

/** What the rules of a desk file need to know about a venue that real orders can go to. */
export interface DeskVenue {
  /** The name used in desk files. */
  readonly name: string;
  /** What it accepts for each kind of instrument; its account doesn't trade a kind that is left out. */
  readonly takes: Readonly<Partial<Record<Instrument['kind'], TakenOrders>>>;
  /** False: one account trades only one of these kinds. */
  readonly mixesKinds: boolean;
  /** It also has paper accounts, for desks on paper. */
  readonly keepsPaper: boolean;
  /** Its account in words, for example "a spot account". */
  readonly account: string;
}

export const kindsOf = ({ takes }: Pick<DeskVenue, 'takes'>): readonly Instrument['kind'][] =>
  Object.keys(takes) as Instrument['kind'][];

/**
 * Whether a desk's orders leave this machine, which is not the same as trading real money. A paper desk's orders
 * leave if the broker keeps the paper account; that needs no go-live.
 */
export const ordersLeave = ({ mode, venue }: Pick<Desk, 'mode' | 'venue'>): boolean =>
  mode === 'live' || isBrokerPaper(venue);

export const isBrokerPaper = ({ account }: Desk['venue']): boolean => account === 'broker-paper';

/**
 * Why a desk does not start on these prices: orders that leave need the market's own. Null: it may. `startIt`: how
 * it starts instead.
 */
export function unfitPrices(
  desk: Pick<Desk, 'mode' | 'venue'>,
  prices: string,
): { readonly problem: string; readonly startIt: string } | null {
  if (!ordersLeave(desk) || (prices !== 'simulated' && prices !== 'recorded')) return null;
  const isReal = desk.mode === 'live';
  return {
    problem: `trades ${isReal ? 'real money' : 'the broker’s paper account'}, and prices were to be ${prices}`,
    startIt: `without --data and --market, or ${isReal ? 'set mode: paper' : 'remove venue.account'}`,
  };
}

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
