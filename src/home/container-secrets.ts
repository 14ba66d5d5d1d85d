/**
 * Which secret files each service of docker-compose.yml gets: those that its code reads, and no others. At
 * each start, the set-up copies them from a volume that no other service mounts into one volume per service.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, SECRET_FILES } from './runtime.js';

type SecretName = keyof typeof SECRET_FILES;

/** Placed next to the secrets by hand instead of in the environment; never generated. */
const OWN_FILES = { telegram: ['telegram-bot-token', 'telegram-chat-id'], mail: ['smtp-password'] } as const;

interface Dealt {
  readonly secrets: readonly SecretName[];
  /**
   * Passed only as empty files that say that the secret exists: the pre-flight checks whether the password is
   * the generated one.
   */
  readonly known?: readonly SecretName[];
  /** Secrets that its code could read elsewhere but does without here. */
  readonly withheld?: readonly SecretName[];
  /** The bot's token and chat, if they are stored with the secrets. */
  readonly telegram?: true;
  /** The password for the mail server, if it is stored with the secrets. */
  readonly mail?: true;
}

/** Where people sign in and decide. */
const SIGNING_IN = [
  'postgresAppPassword',
  'decisionKey',
  'payloadKey',
  'tokenKey',
  'signInLinkKey',
  'operatorPasswordHash',
] as const satisfies readonly SecretName[];

export const CONTAINER_SECRETS: Readonly<Record<string, Dealt>> = {
  bot: { secrets: ['decisionKey', 'telegramVoteKey'] },
  'engine-worker': { secrets: ['postgresAppPassword', 'payloadKey'] },
  auditor: { secrets: [] },
  'operations-worker': {
    secrets: [
      'postgresPassword',
      'postgresAppPassword',
      'decisionKey',
      'telegramVoteKey',
      'payloadKey',
      'dataKey',
      'backupKey',
      'operatorPasswordHash',
    ],
    known: ['operatorPassword'],
    withheld: ['signInLinkKey'], // only people and the web server create sign-ins: `sign-in-required` doesn't run here
    telegram: true,
  },
  ledger: { secrets: ['postgresAppPassword'] },
  web: {
    secrets: [...SIGNING_IN, 'metricsToken'],
    withheld: ['dataKey'], // offers no stored minutes: anyone with the key can forge minutes that count as fetched
  },
  telegram: {
    secrets: ['postgresAppPassword', 'decisionKey', 'telegramVoteKey', 'telegramLinkKey', 'payloadKey'],
    telegram: true,
    mail: true,
  },
  /** For people who sign in on the command line there. */
  cli: {
    secrets: [...SIGNING_IN, 'telegramLinkKey', 'operatorPassword', 'dataKey'],
  },
  /** Renames databases, which only their owner may do, and reads backups stored off this machine. */
  restore: { secrets: ['postgresPassword', 'payloadKey', 'backupKey', 'dataKey'] },
  stores: { secrets: ['postgresPassword', 'postgresAppPassword', 'payloadKey', 'telegramLinkKey'] },
  preflight: {
    secrets: ['decisionKey', 'operatorPasswordHash'],
    known: ['operatorPassword'],
    telegram: true,
  },
  postgres: { secrets: ['postgresPassword'] },
  'temporal-postgres': { secrets: ['temporalPostgresPassword'] },
  'temporal-schema': { secrets: ['temporalPostgresPassword'] },
  temporal: { secrets: ['temporalPostgresPassword'] },
  prometheus: { secrets: ['metricsToken'] },
};

export function filesOf(service: string): readonly string[] {
  const { secrets, known = [], telegram, mail } = CONTAINER_SECRETS[service] ?? { secrets: [] };
  return [
    ...[...secrets, ...known].map((name) => SECRET_FILES[name]),
    ...(telegram ? OWN_FILES.telegram : []),
    ...(mail ? OWN_FILES.mail : []),
  ];
}

/**
 * Fills one folder per service below `into` with the service's files, and removes what no longer belongs
 * there.
 */
export function dealOutSecrets(home: string, into: string): void {
  const { secrets: from } = homePaths(home);
  const there = new Set(readdirSync(from));
  for (const [service, { known = [] }] of Object.entries(CONTAINER_SECRETS)) {
    if (filesOf(service).length === 0) continue;
    const folder = join(into, service);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = filesOf(service).filter((name) => there.has(name));
    for (const old of readdirSync(folder).filter((name) => !files.includes(name)))
      rmSync(join(folder, old), { recursive: true });
    for (const name of files) {
      const next = join(folder, `${name}.new`);
      if (known.some((one) => SECRET_FILES[one] === name)) writeFileSync(next, '');
      else copyFileSync(join(from, name), next);
      chmodSync(next, 0o600);
      renameSync(next, join(folder, name));
    }
  }
}
