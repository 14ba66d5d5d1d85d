import type { Instrument } from '../domain/instrument.js';
import type { OrderCapabilities } from '../domain/order-bounds.js';
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
