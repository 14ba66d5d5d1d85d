/** Verified before anything is traded: whose account it is, and which contract each instrument is. */
import type { Contract, Order } from '@stoqey/ib';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { incarnationOf } from '../../engine/orders/client-id.js';
import type { RefusedAnswer } from '../definition.js';
import { VenueUnavailable } from '../port.js';
import { type ResolvedContract, resolveContract } from './contracts.js';
import type { Gateway, GatewayTimes, Session } from './gateway.js';
import type { TradedContracts } from './months.js';
import { isOver } from './orders.js';
import { openOrders, positions } from './questions.js';
import type { GatewayAddress } from './settings.js';

export interface Setup {
  readonly account: string;
  /** By instrument; instruments that the broker does not list are left out. */
  readonly contracts: ReadonlyMap<number, ResolvedContract>;
  readonly byConId: ReadonlyMap<number, ResolvedContract>;
  /** Instruments in which no position may be opened, each with the reason. */
  readonly closed: readonly { readonly instrument: number; readonly why: string }[];
}

/** Throws `VenueUnavailable` until account and contracts have been verified. */
export function verified(setup: Setup | null): Setup {
  if (setup === null) throw new VenueUnavailable('account and contracts are not verified yet');
  return setup;
}

/** Names of the broker's paper accounts begin like this; those of real ones do not. */
const PAPER = /^D[UF]/;

type AccountChoice =
  | { readonly ok: true; readonly account: string }
  | { readonly ok: false; readonly problem: string };

export function chooseAccount(
  { accounts }: Pick<Session, 'accounts'>,
  { account, money, expectedAccount }: Pick<IbkrVenueOptions, 'account' | 'money' | 'expectedAccount'>,
): AccountChoice {
  const chosen = account ?? (accounts.length === 1 ? accounts[0] : undefined);
  const all = accounts.join(', ');
  if (chosen === undefined) return no(`this login has several accounts (${all}): name the desk's`);
  if (!accounts.includes(chosen)) return no(`the account ${chosen} is not of this login, which has ${all}`);
  if (money === 'paper' && !PAPER.test(chosen))
    return no(
      `the account ${chosen} is real: a desk on paper trades one whose name begins with DU, at the paper login's port`,
    );
  if (money === 'real' && PAPER.test(chosen))
    return no(`the account ${chosen} is one of paper, and this desk has real money`);
  const books = expectedAccount?.() ?? null;
  if (books !== null && books !== chosen)
    return no(`this journal tells of trading on the account ${books}, and the login is of ${chosen}`);
  return { ok: true, account: chosen };
}

const no = (problem: string): AccountChoice => ({ ok: false, problem });

/** Throws `VenueUnavailable`. */
export async function readSetup(
  gateway: Gateway,
  account: string,
  instruments: readonly Instrument[],
): Promise<Setup> {
  const [held, resting] = await Promise.all([gateway.ask(positions()), gateway.ask(openOrders(false))]);
  const inUse: readonly Contract[] = [
    ...held.filter((position) => position.account === account && position.quantity !== 0),
    ...resting.filter(({ order, status }) => isOfDesk(order, account) && !isOver(status)),
  ].map(({ contract }) => contract);
  const found = oncePerContract(
    await Promise.all(instruments.map((one) => resolveContract(gateway, one, inUse))),
  );
  const resolved = found.filter((one): one is ResolvedContract => 'contract' in one);
  return {
    account,
    contracts: new Map(resolved.map((one) => [one.instrument.id, one])),
    byConId: new Map(resolved.map((one) => [one.contract.conId, one])),
    closed: found.flatMap(({ instrument, problem }) =>
      problem === null ? [] : [{ instrument: instrument.id, why: problem }],
    ),
  };
}

/** What a person types in another month opens nothing for the desk. */
const isOfDesk = ({ orderRef = '', ...its }: Order, account: string): boolean =>
  its.account === account && incarnationOf(orderRef) !== null;

type Found = Awaited<ReturnType<typeof resolveContract>>;

/**
 * Two names of one contract would count its position twice, such as SIL/USD and SI/USD with the multiplier of
 * SIL: only the first of them is traded.
 */
function oncePerContract(found: readonly Found[]): readonly Found[] {
  const symbols = new Map<number, string>();
  return found.map((one) => {
    if (!('contract' in one)) return one;
    const { instrument, contract, name } = one;
    const first = symbols.get(contract.conId);
    if (first !== undefined)
      return { instrument, problem: `${instrument.symbol}: its contract (${name}) is that of ${first}` };
    symbols.set(contract.conId, instrument.symbol);
    return one;
  });
}

/** How an account at Interactive Brokers is opened. */
export interface IbkrVenueOptions {
  readonly address: GatewayAddress;
  /** The broker's paper accounts are reached like real ones; only their names tell them apart. */
  readonly money: 'paper' | 'real';
  /** Null: the login's only account. */
  readonly account: string | null;
  /** The client id for orders; readings of the account use the next one. The same after every start. */
  readonly clientId: number;
  readonly instruments: readonly Instrument[];
  /** The account in the desk's books; null if they have none. */
  readonly expectedAccount?: () => string | null;
  /** What a lot of the desk's open trades cost, in money units; null if there are none. */
  readonly feePerLot?: (instrument: InstrumentId) => number | null;
  /** Receives the contracts by symbol each time they are found, for prices that follow them. */
  readonly traded?: TradedContracts;
  readonly times?: Partial<GatewayTimes>;
  /** Called for each answer that can't be trusted, for the log. */
  readonly onRefusedAnswer?: (answer: RefusedAnswer) => void;
}
