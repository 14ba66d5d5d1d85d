/** The variables of the environment, those of the venues among them. */
import { type EnvironmentSection, path, plain, secret, text } from '../desk/environment-variable.js';
import { environmentSections } from '../desk/environment-variables.js';
import type { CredentialHolder, LiveVenue } from './definition.js';
import { TRADED_VENUES, type TradedVenue } from './registry.js';

export const ENVIRONMENT = environmentSections(TRADED_VENUES.map(sectionOf));

/** Those that a desk at this venue goes by: a setting of another venue says nothing about it. */
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

export interface HeldCredential {
  readonly live: LiveVenue;
  readonly holder: CredentialHolder;
}

/** Whose secret a variable holds, or names the file of; null: no venue's. An old key or a misspelt one is a secret too. */
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

/** Names of what a holder needs, the key first. */
export function credentialNames({ credentials }: LiveVenue, holder: CredentialHolder): readonly string[] {
  return credentials.filter((one) => one.holder === holder).map(({ name }) => name);
}
