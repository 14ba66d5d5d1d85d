/** docker-compose.yml as Compose sees it, as far as its tests need it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repository } from '../support/desk-under-test.js';

export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly restart?: string;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly read_only?: boolean;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly stop_grace_period?: string;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const composeText = readFileSync(join(repository, 'docker-compose.yml'), 'utf8');
export const compose = parse(composeText, { merge: true }) as ComposeFile;

/** Service names by role: the trader's is the one that the runbook names. */
export const SERVICE_OF_ROLE: Readonly<Record<string, string>> = {
  trader: 'bot',
  'engine-worker': 'engine-worker',
  auditor: 'auditor',
  'operations-worker': 'operations-worker',
  ledger: 'ledger',
  web: 'web',
  telegram: 'telegram',
};

/** As Compose fills it in from `.env`: `${NAME:-default}`, or `${NAME-default}` where empty says something. */
export function environmentOf(
  service: string,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const entries = Object.entries(compose.services[service]?.environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, filledIn(value, given)]));
}

function filledIn(value: string, given: Readonly<Record<string, string>>): string {
  return value.replace(
    /\$\{([A-Z0-9_]+)(:?)-([^}]*)\}/g,
    (_all, name: string, also: string, otherwise: string) =>
      (also === '' ? given[name] : given[name] || undefined) ?? otherwise,
  );
}
