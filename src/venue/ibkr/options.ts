/** How an account at Interactive Brokers is opened. */
import type { Instrument } from '../../domain/instrument.js';
import type { RefusedAnswer } from '../definition.js';
import type { GatewayAddress, GatewayTimes } from './gateway.js';
import type { TradedContract } from './months.js';

export interface IbkrVenueOptions {
  readonly address: GatewayAddress;
  /** The broker's paper accounts are reached like real ones; only their names tell. */
  readonly money: 'paper' | 'real';
  /** Null: the only one of this login. */
  readonly account: string | null;
  /** Of orders; what is read of the account has the next one. The same after each start. */
  readonly clientId: number;
  readonly instruments: readonly Instrument[];
  /** The account that the desk's books are of; null: they don't know it. */
  readonly expectedAccount?: () => string | null;
  /** Told by symbol whenever they were found, for prices that follow them. */
  readonly onContracts?: (contracts: ReadonlyMap<string, TradedContract>) => void;
  readonly times?: Partial<GatewayTimes>;
  /** Each answer that could not be believed; for the log. */
  readonly onRefusedAnswer?: (answer: RefusedAnswer) => void;
}
