/** All environment variables, including the venues', and the venue's own program that they name. */

import { ordersLeave } from '../desk/desk-venue.js';
import { type EnvironmentSection, path, plain, secret, text } from '../desk/environment-variable.js';
import { environmentSections } from '../desk/environment-variables.js';
import type { Desk } from '../desk/schema.js';
import { venueOfFeed } from '../domain/venue.js';
import type { Companion, CompanionLeftOut, CredentialHolder, LiveVenue } from './definition.js';
import { TRADED_VENUES, type TradedVenue, tradedVenue } from './registry.js';

export const ENVIRONMENT = environmentSections(TRADED_VENUES.map(sectionOf));

/** The variables that a desk at this venue reads; those of other venues don't concern it. */
export function environmentAt(venue: string): readonly EnvironmentSection[] {
  return environmentSections(TRADED_VENUES.filter(({ name }) => name === venue).map(sectionOf));
}

function sectionOf({ title, live: { credentials, settings } }: TradedVenue): EnvironmentSection {
  const keys = credentials.map(({ name, about, holder }) =>
    secret(name, text, about, {
      example: holder === 'trader' ? '' : null,
      stays: 'stays in the environment: a paper desk reads no key',
    }),
  );
  const files = credentials.map(({ name, fileAbout }) => plain(`${name}_FILE`, null, path, fileAbout));
  return { title: `${title}.`, variables: [...keys, ...files, ...settings] };
}

/**
 * Venue variables for docker-compose.yml: settings for every role, each key for the roles that may have it.
 */
export function venueVariables(): string {
  const passed = (name: string, value = ''): string => `  ${name}: \${${name}:-${value}}`;
  const keysOf = (holder: CredentialHolder): string[] => {
    const names = TRADED_VENUES.flatMap(({ live }) => credentialNames(live, holder));
    return [...names, ...names.map((name) => `${name}_FILE`)].map((name) => passed(name));
  };
  const settings = TRADED_VENUES.flatMap(({ live }) => live.settings).filter(({ onHostOnly }) => !onHostOnly);
  return [
    'x-venue-settings: &venue-settings',
    ...settings.map(({ name, example }) => passed(name, example ?? '')),
    '',
    'x-exchange-key: &exchange-key',
    ...keysOf('trader'),
    '',
    'x-auditor-key: &auditor-key',
    ...keysOf('auditor'),
  ].join('\n');
}

interface HeldCredential {
  readonly live: LiveVenue;
  readonly holder: CredentialHolder;
}

/**
 * Whose secret a variable holds, directly or in the file it names; null if no venue's. An old or misspelt
 * name counts as a secret too.
 */
export function credentialIn(variable: string): HeldCredential | null {
  const [closest] = TRADED_VENUES.flatMap(({ live }) => [
    ...live.credentials.map(({ name, holder }) => ({ begins: name, live, holder })),
    ...(live.auditorPrefix === null
      ? []
      : [{ begins: live.auditorPrefix, live, holder: 'auditor' as const }]),
  ])
    .filter(({ begins }) => variable.startsWith(begins))
    .sort((a, b) => b.begins.length - a.begins.length);
  return closest === undefined ? null : { live: closest.live, holder: closest.holder };
}

/** Names of the variables that a holder needs, the key first. */
export function credentialNames({ credentials }: LiveVenue, holder: CredentialHolder): readonly string[] {
  return credentials.filter((one) => one.holder === holder).map(({ name }) => name);
}

export interface CompanionQuestion {
  readonly desk: Pick<Desk, 'mode' | 'venue' | 'feeds'>;
  readonly market: MarketKind;
  readonly simulatedVenue?: string | undefined;
  readonly simulatedFeeds?: Readonly<Record<string, string>> | undefined;
  readonly env: NodeJS.ProcessEnv;
}

type MarketKind = 'auto' | 'live' | 'simulated' | 'recorded';

/**
 * The program that a supervisor runs between this desk and its venue. Null: none is named, or the desk needs nothing of
 * the venue. Throws `RangeError` as the venue's definition does.
 */
export function companionOf(question: CompanionQuestion): Companion | CompanionLeftOut | null {
  const { desk, market, simulatedVenue, simulatedFeeds = {}, env } = question;
  const live = TRADED_VENUES.find(({ name }) => name === desk.venue.name)?.live;
  if (live?.companion === undefined) return null;
  if (ordersLeave(desk)) return live.companion(live.endpoint(desk, simulatedVenue, env), env);
  if (market === 'simulated' || market === 'recorded') return null;
  const feeds = desk.feeds.filter((feed) => venueOfFeed(feed) === desk.venue.name);
  const [feed] = feeds.filter((one) => simulatedFeeds[one] === undefined);
  if (feeds.length === 0) return null;
  // On paper the environment's simulator gives no prices, only one of the command line.
  const address = feed === undefined ? simulatedFeeds[feeds[0] ?? ''] : undefined;
  return live.companion(live.endpoint(desk, address, {}), env);
}

export interface AskedVenue {
  readonly desk: {
    readonly desk: string;
    readonly venue: { readonly name: string; readonly testnet: boolean };
  };
  readonly simulatedVenue?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * What to do when a venue that is reached through its own program doesn't answer. Throws `RangeError` if the
 * program's address can't be read; null at any other venue.
 */
export function startItsProgram({ desk, simulatedVenue, env }: AskedVenue): string | null {
  const { name, title, live } = tradedVenue(desk.venue.name);
  const endpoint = live.endpoint(desk, simulatedVenue, env);
  const gateway = live.gateway?.(endpoint, env);
  if (gateway === undefined) return null;
  const { host, port } = gateway;
  const simulator = `npm run simulator -- ${name} --port ${port}`;
  if (endpoint.kind === 'simulator') return `Start the simulator again: ${simulator}`;
  const companion = live.companion?.(endpoint, env) ?? null;
  if (companion !== null && !('leftOut' in companion))
    return `${companion.program} leads there and runs with the desk: fermata monitor says whether it does, fermata logs what it said (${companion.name}); ${companion.mayWaitFor}`;
  return (
    `Start the program of ${title} that leads there (docs/VENUES.md), logged in and open to API clients at ${host}:${port}; ` +
    `or trade a simulated one: ${simulator} in a checkout, and in another terminal fermata up --desk ${desk.desk} --simulated-venue 127.0.0.1:${port}`
  );
}
