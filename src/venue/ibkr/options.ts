/** How an account at Interactive Brokers is opened. */
import type { Instrument } from '../../domain/instrument.js';
import type { RefusedAnswer } from '../definition.js';
import type { GatewayAddress, GatewayTimes } from './gateway.js';
import type { TradedContract } from './months.js';

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
  /** Called with the contracts by symbol each time they are found, for prices that follow them. */
  readonly onContracts?: (contracts: ReadonlyMap<string, TradedContract>) => void;
  readonly times?: Partial<GatewayTimes>;
  /** Called for each answer that could not be believed, for the log. */
  readonly onRefusedAnswer?: (answer: RefusedAnswer) => void;
}
