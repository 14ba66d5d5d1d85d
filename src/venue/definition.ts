/**
 * A venue as seen from outside its folder. A definition is light: the venue's library loads only when a
 * connection is opened, so a process that trades nothing there doesn't carry it.
 */
import type { DeskVenue } from '../desk/desk-venue.js';
import type { EnvironmentVariable } from '../desk/environment-variable.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { VenueBalances } from '../domain/venue.js';
import type { BookReading, VenuePort } from './port.js';
import type { PriceSource, VenueEndpoint } from './prices.js';

export interface VenueDefinition {
  /** As in the desk file, and the name of the folder. */
  readonly name: string;
  /** Display name. */
  readonly title: string;
  readonly prices: PriceSource;
  /** Null: the venue gives prices only, and no order leaves for it. */
  readonly live: LiveVenue | null;
}

export interface LiveVenue extends Omit<DeskVenue, 'name'> {
  /**
   * Where a desk's orders go: as the desk file says, unless an option or the environment names a simulator.
   * Throws `RangeError` if the simulator's address is not on this machine.
   */
  endpoint(
    desk: { readonly venue: { readonly testnet: boolean } },
    simulatedVenue: string | undefined,
    env?: Environment,
  ): VenueEndpoint;
  /** Empty if another program signs in. */
  readonly credentials: readonly CredentialVariable[];
  /** Limits that the adapter observes, so that the venue never has to refuse a request. */
  readonly rates: readonly RateRule[];
  /** Every variable with this prefix is an auditor secret; null if the venue has none. */
  readonly auditorPrefix: string | null;
  /** Other environment variables of this venue. */
  readonly settings: readonly EnvironmentVariable[];
  /** Whose money is at stake, by endpoint kind; each text ends with the kind of money (`moneyAtStake`). */
  readonly accounts: Readonly<Record<VenueEndpoint['kind'], string>>;
  /** Display name; includes a simulator's address. */
  label(endpoint: VenueEndpoint): string;
  /**
   * The address of the gateway program that passes orders on; absent if orders go straight to the venue.
   * Throws `RangeError` if the environment names an invalid address.
   */
  gateway?(endpoint: VenueEndpoint, env?: Environment): ProgramAddress;
  /**
   * The program between desk and venue that the supervisor runs; null if the environment names none. Throws
   * `RangeError` if it can't be run as the environment says.
   */
  companion?(endpoint: VenueEndpoint, env: Environment): Companion | CompanionLeftOut | null;
  /** What the trader's key should be allowed to do: the wording for what is expected and what was found. */
  readonly permissions: { readonly expected: string; readonly found: string };
  /** The page that explains how to make a key. */
  readonly page: string;
  /** With the trader's key. Reads the environment and its files; sends no request yet. */
  signIn(env: Environment): SignIn<TradingAccess>;
  /** With the auditor's key, or with the trader's if this process has only that. */
  signInToRead(env: Environment): SignIn<ReadingAccess>;
}

export interface ProgramAddress {
  readonly host: string;
  readonly port: number;
}

/** A program of another maker, perhaps in another language, that leads from this machine to the venue. */
export interface Companion {
  /** Name of its process, the same for all desks. */
  readonly name: string;
  /** Absolute path of an executable file. */
  readonly program: string;
  readonly args: readonly string[];
  /** Where it answers, on this machine: one program for each address. */
  readonly at: ProgramAddress;
  /** Asks once. Resolves with what it speaks, in words; rejects with why the adapter can't use it, or not yet. */
  handshake(): Promise<string>;
  /** What it may be waiting for, if it runs and does not answer: a sentence without its full stop. */
  readonly mayWaitFor: string;
}

/** The environment names a program that this desk has no use for. */
export interface CompanionLeftOut {
  readonly leftOut: string;
}

export interface RateRule {
  /** In words, for example `orders`. */
  readonly counts: string;
  /** What each limit applies to: an address, an account, a connection. */
  readonly of: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** Secrets that were read stay inside `access`. */
export type SignIn<Access> =
  | { readonly ok: true; readonly access: Access }
  | { readonly ok: false; readonly problem: string; readonly doThis: string };

export interface TradingAccess {
  /** Loads the venue's library, as `openReader` does. */
  open(options: OpenVenue): Promise<VenuePort>;
  /** For the pre-flight: reads with the key that would trade, and changes nothing. */
  openReader(options: OpenReader): Promise<AccountReader>;
}

/** Access that can't send an order. */
export interface ReadingAccess {
  /**
   * Each call of the result makes a new reading, without the adapter and its library: an error shared by
   * trader and auditor would never be seen. Rejects if the venue doesn't answer as it should.
   */
  bookReader(options: ReadBook): () => Promise<BookReading>;
  /**
   * For the pre-flight, which may run alongside the auditor: reads the account once, and judges what the
   * auditor's own key may do beyond that. Rejects as a reading does.
   */
  tryOut(options: ReadBook): Promise<PermissionVerdict>;
}

export interface ReadBook {
  readonly endpoint: VenueEndpoint;
  readonly instruments: readonly Instrument[];
  /** Coins in the account that are not the desk's: decimal text by currency. */
  readonly foreign: Readonly<Record<string, string>>;
}

export interface OpenReader extends ReadBook {
  /** False: requests do not wait for the venue's rate limits. */
  readonly rateLimited: boolean;
}

export interface OpenVenue extends OpenReader {
  /** The engine's own position, in lots. */
  readonly expectedLots: (instrument: InstrumentId) => number;
  /** The venue's id of the account in the desk's books; null if they have none. */
  readonly expectedAccount: () => string | null;
  /** What a lot of the engine's open trades cost, in money units; null if there are none. */
  readonly feePerLot: (instrument: InstrumentId) => number | null;
  /** Called for each answer that can't be trusted, for the log. Holds no secret. */
  readonly onRefusedAnswer: (answer: RefusedAnswer) => void;
}

export interface RefusedAnswer {
  readonly atMs: number;
  readonly what: string;
  readonly cause: string;
}

/** Every reading rejects with the venue's own reason. */
export interface AccountReader {
  readonly rateLimited: boolean;
  permissions(): Promise<PermissionVerdict>;
  balances(): Promise<VenueBalances>;
  /** By the desk's symbol: null if it can be traded as the desk file says, else why not. */
  tradable(): Promise<ReadonlyMap<string, string | null>>;
  close(): Promise<void>;
}

export interface PermissionVerdict {
  /** Each one forbids using this key. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type CredentialHolder = 'trader' | 'auditor';

/**
 * A secret in the environment: the variable itself, or NAME_FILE, the file that holds it. The first variable of a
 * holder is the key.
 */
interface CredentialVariable {
  readonly name: string;
  /** `auditor`: may only read. */
  readonly holder: CredentialHolder;
  readonly about: string;
  readonly fileAbout: string;
}
