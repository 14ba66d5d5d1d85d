/**
 * Queries the exchange about key, account and symbols: real calls with the desk's own key, on a connection
 * that is closed afterwards.
 */
import type { PreflightOutcome } from '../../contracts/published.js';
import type { Setting } from '../../desk/desk-settings.js';
import { notTheDesks } from '../../desk/desk-venue.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import type { ContractMonth } from '../../domain/sessions/contract-series.js';
import type { VenueBalances } from '../../domain/venue.js';
import type { FreeBytes } from '../../home/free-space.js';
import { buildInstruments } from '../../trader/engine-config.js';
import type { PermissionVerdict } from '../../venue/definition.js';
import { type AskedVenue, startItsProgram } from '../../venue/environment.js';
import { tradedVenue } from '../../venue/registry.js';

/** A value, or why there is none. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export interface ExchangeReading {
  readonly endpoint: string;
  readonly rateLimited: boolean;
  readonly permissions: Reading<PermissionVerdict>;
  readonly balances: Reading<VenueBalances>;
  /** By symbol of the desk file: null if it can be traded as the desk file says, otherwise why not. */
  readonly symbols: Reading<ReadonlyMap<string, string | null>>;
}

export interface ExchangeQuestion {
  readonly desk: Desk;
  readonly env: NodeJS.ProcessEnv;
  /** Address of a simulator on this machine that replaces the exchange. */
  readonly simulatedVenue: string | undefined;
  /**
   * The month that each rolled future stands for, by symbol. For a missing one, the venue is queried about
   * its own front month.
   */
  readonly months?: ReadonlyMap<string, ContractMonth> | undefined;
}

/** Why a venue did not answer, and what to do if that is known. */
export function withAdvice(why: string, question: AskedVenue): string {
  try {
    const doThis = startItsProgram(question);
    return doThis === null ? why : `${why}. ${doThis}`;
  } catch {
    // If the address can't be read, `why` already says so.
    return why;
  }
}

/** Never throws: a part that could not be read says why. */
export async function readExchange(question: ExchangeQuestion): Promise<ExchangeReading> {
  const { desk } = question;
  const rateLimited = desk.venue.rateLimit.enabled;
  try {
    return await readOver(question);
  } catch (error) {
    const none = { ok: false, why: messageOf(error) } as const;
    return { endpoint: labelOf(question), rateLimited, permissions: none, balances: none, symbols: none };
  }
}

/** Works even if the endpoint itself is wrong, which is then the answer to every question. */
function labelOf({ desk, env, simulatedVenue }: ExchangeQuestion): string {
  try {
    const { live } = tradedVenue(desk.venue.name);
    return live.label(live.endpoint(desk, simulatedVenue, env));
  } catch {
    return desk.venue.name;
  }
}

async function readOver({ desk, env, simulatedVenue, months }: ExchangeQuestion): Promise<ExchangeReading> {
  const { live } = tradedVenue(desk.venue.name);
  // The desk file's endpoint in every mode: a paper desk with the test environment in its file tests its key there,
  // until the file changes.
  const endpoint = live.endpoint(desk, simulatedVenue, env);
  const signedIn = live.signIn(env);
  if (!signedIn.ok) throw new Error(`${signedIn.problem}. ${signedIn.doThis}`);
  const account = await signedIn.access.openReader({
    endpoint,
    instruments: buildInstruments(desk, months),
    foreign: notTheDesks(desk),
    rateLimited: desk.venue.rateLimit.enabled,
  });
  try {
    const [permissions, balances, symbols] = await Promise.all([
      reading(account.permissions()),
      reading(account.balances()),
      reading(account.tradable()),
    ]);
    const { rateLimited } = account;
    return { endpoint: live.label(endpoint), rateLimited, permissions, balances, symbols };
  } finally {
    await account.close();
  }
}

async function reading<T>(asked: Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await asked };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}

/** What the checks before real money examine. */
export interface PreflightSubject {
  readonly desk: Desk;
  readonly configHash: string;
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** One connection for all checks. */
  readonly exchange: ExchangeReading;
  /** Address of a simulator on this machine that replaces the exchange. */
  readonly simulatedVenue?: string | undefined;
  /** As in `ExchangeQuestion`. */
  readonly months?: ReadonlyMap<string, ContractMonth> | undefined;
  /** Settings of the running desk that a validation of its file says nothing of. */
  readonly beyondFile?: readonly Setting[];
  readonly nowMs: number;
  /** Folder of the validation reports. */
  readonly reportFolder: string;
  readonly free?: FreeBytes;
}

/** Changes nothing, and says what it saw and what it expected. */
export interface PreflightCheck {
  readonly key: string;
  readonly title: string;
  /** May throw: what can't be checked has failed. */
  readonly look: (subject: PreflightSubject) => PreflightOutcome | Promise<PreflightOutcome>;
}
