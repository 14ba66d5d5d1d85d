/**
 * A venue, as everything outside its folder knows it. A definition is light: what needs the venue's library is loaded
 * when it is opened, so that a process that trades nothing there carries nothing of it.
 */
import type { DeskVenue } from '../desk/desk-venue.js';
import type { EnvironmentVariable } from '../desk/environment-variable.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { VenueBalances } from '../domain/venue.js';
import type { BookReading } from './book-reading.js';
import type { VenueEndpoint } from './endpoint.js';
import type { VenuePort } from './port.js';
import type { PriceSource } from './prices.js';

export interface VenueDefinition {
  /** As desk files write it; the folder's name too. */
  readonly name: string;
  /** As people write it. */
  readonly title: string;
  readonly prices: PriceSource;
  /** Null: it gives prices, and no order leaves for it. */
  readonly live: LiveVenue | null;
}

export interface LiveVenue extends Omit<DeskVenue, 'name'> {
  /**
   * Where a desk's orders go: as its file says, unless a simulator was named, by option or by the environment. Throws
   * `RangeError` where that is none of this machine.
   */
  endpoint(
    desk: { readonly venue: { readonly testnet: boolean } },
    simulatedVenue: string | undefined,
    env?: Environment,
  ): VenueEndpoint;
  /** None where who is logged in is another program's to know. */
  readonly credentials: readonly CredentialVariable[];
  /** Whatever variable begins so is the auditor's secret; null: this venue has none. */
  readonly auditorPrefix: string | null;
  /** Other variables of the environment that are this venue's. */
  readonly settings: readonly EnvironmentVariable[];
  /** Whose money, by where orders go; ends in what it is (`moneyAtStake`). */
  readonly accounts: Readonly<Record<VenueEndpoint['kind'], string>>;
  /** As people read it, the address of a simulator too. */
  label(endpoint: VenueEndpoint): string;
  /**
   * Where a program that leads to the venue has to listen; left out: orders go to the venue itself. Throws `RangeError` where
   * the environment names no such address.
   */
  gateway?(endpoint: VenueEndpoint, env?: Environment): { readonly host: string; readonly port: number };
  /** What the trader's key should be allowed: as it is asked for, and as it was found. */
  readonly permissions: { readonly expected: string; readonly found: string };
  /** The page that says how to make a key. */
  readonly page: string;
  /** With the trader's key. Reads the environment and its files, and asks nobody yet. */
  signIn(env: Environment): SignIn<TradingAccess>;
  /** With the auditor's key; with the trader's where this process has that alone. */
  signInToRead(env: Environment): SignIn<ReadingAccess>;
}

/** What was read of secrets stays inside `access`. */
export type SignIn<Access> =
  | { readonly ok: true; readonly access: Access }
  | { readonly ok: false; readonly problem: string; readonly doThis: string };

export interface TradingAccess {
  /** Loads the venue's library, as does the next one. */
  open(options: OpenVenue): Promise<VenuePort>;
  /** For the pre-flight: asks with the key that would trade, and changes nothing. */
  openReader(options: OpenReader): Promise<AccountReader>;
}

/** Can't send an order. */
export interface ReadingAccess {
  /**
   * Gives a reading whenever it is called, without the adapter and its library: what both got wrong in the same way would
   * never be seen. Rejects where the venue does not answer as it should.
   */
  bookReader(options: ReadBook): () => Promise<BookReading>;
}

export interface ReadBook {
  readonly endpoint: VenueEndpoint;
  readonly instruments: readonly Instrument[];
  /** Coins in the account that are not the desk's, by currency, as decimal text. */
  readonly foreign: Readonly<Record<string, string>>;
}

export interface OpenReader extends ReadBook {
  /** False: requests do not wait for the venue's allowance. */
  readonly rateLimited: boolean;
}

export interface OpenVenue extends OpenReader {
  /** The engine's own position. */
  readonly expectedLots: (instrument: InstrumentId) => number;
  /** The venue's id of the account that the desk's books are of; null: they don't know it. */
  readonly expectedAccount: () => string | null;
  /** Each answer that could not be believed; for the log. Holds no secret. */
  readonly onRefusedAnswer: (answer: RefusedAnswer) => void;
}

export interface RefusedAnswer {
  readonly atMs: number;
  readonly what: string;
  readonly cause: string;
}

/** Each reading rejects with what the venue says. */
export interface AccountReader {
  readonly rateLimited: boolean;
  permissions(): Promise<PermissionVerdict>;
  balances(): Promise<VenueBalances>;
  /** By symbol of the desk: null where it can be traded as the desk says, else why not. */
  tradable(): Promise<ReadonlyMap<string, string | null>>;
  close(): Promise<void>;
}

export interface PermissionVerdict {
  /** Each forbids trading with this key. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type CredentialHolder = 'trader' | 'auditor';

/** A secret of the environment. The variable itself, or NAME_FILE: the file that holds it. The first of a holder is the key. */
export interface CredentialVariable {
  readonly name: string;
  /** `auditor`: may read and nothing else. */
  readonly holder: CredentialHolder;
  readonly about: string;
  readonly fileAbout: string;
}
