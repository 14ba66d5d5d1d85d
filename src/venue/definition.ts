/**
 * A venue, as everything outside its folder knows it. A definition is light: what needs the venue's library is loaded
 * when it is opened, so that a process that trades nothing there carries nothing of it.
 */
import type { DeskVenue } from '../desk/desk-venue.js';
import type { EnvironmentVariable } from '../desk/environment-variable.js';
import type { VenueEndpoint } from './endpoint.js';
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
  readonly credentials: readonly CredentialVariable[];
  /** Other variables of the environment that are this venue's. */
  readonly settings: readonly EnvironmentVariable[];
  /** Whose money, by where orders go; ends in what it is (`moneyAtStake`). */
  readonly accounts: Readonly<Record<VenueEndpoint['kind'], string>>;
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
