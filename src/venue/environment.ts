/** The variables of the environment, those of the venues among them. */
import { type EnvironmentSection, path, plain, secret, text } from '../desk/environment-variable.js';
import { environmentSections } from '../desk/environment-variables.js';
import type { CredentialHolder, LiveVenue } from './definition.js';
import { TRADED_VENUES, type TradedVenue } from './registry.js';

export const ENVIRONMENT = environmentSections(TRADED_VENUES.map(sectionOf));

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

/** Whose secret a variable holds, or names the file of; null: no venue's. */
export function credentialIn(variable: string): HeldCredential | null {
  const name = variable.replace(/_FILE$/, '');
  for (const { live } of TRADED_VENUES) {
    const found = live.credentials.find((one) => one.name === name);
    if (found !== undefined) return { live, holder: found.holder };
  }
  return null;
}

/** Names of what a holder needs, the key first. */
export function credentialNames({ credentials }: LiveVenue, holder: CredentialHolder): readonly string[] {
  return credentials.filter((one) => one.holder === holder).map(({ name }) => name);
}
