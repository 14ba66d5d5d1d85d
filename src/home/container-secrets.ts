/**
 * Which secret files each container gets, by service of docker-compose.yml: those that its code reads, and no other.
 * The set-up copies them at each start from a volume that no other service mounts: into one volume for each
 * service.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, SECRET_FILES } from './runtime.js';

type SecretName = keyof typeof SECRET_FILES;

/** Put beside the secrets by hand instead of into the environment; never generated. */
const OWN_FILES = { telegram: ['telegram-bot-token', 'telegram-chat-id'], mail: ['smtp-password'] } as const;

interface Dealt {
  readonly secrets: readonly SecretName[];
  /**
   * Passed only as empty files that say that the secret exists: the pre-flight checks whether the password is the
   * generated one.
   */
  readonly known?: readonly SecretName[];
  /** What its code could read elsewhere but does without here. */
  readonly withheld?: readonly SecretName[];
  /** The bot's token and chat, if they are beside the secrets. */
  readonly telegram?: true;
  /** The password for the mail server, if it is beside the secrets. */
  readonly mail?: true;
}

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
    withheld: ['signInLinkKey'], // only the web server and people make sign-ins: the check `sign-in-required` doesn't run here
    telegram: true,
  },
  ledger: { secrets: ['postgresAppPassword'] },
  web: {
    secrets: [
      'postgresAppPassword',
      'decisionKey',
      'payloadKey',
      'tokenKey',
      'signInLinkKey',
      'operatorPasswordHash',
      'metricsToken',
    ],
    withheld: ['dataKey'], // stored minutes are not offered here: whoever has the key can forge minutes that count as fetched
  },
  telegram: {
    secrets: ['postgresAppPassword', 'decisionKey', 'telegramVoteKey', 'telegramLinkKey', 'payloadKey'],
    telegram: true,
    mail: true,
  },
  /** What a person who signs in on the command line there needs. */
  cli: {
    secrets: [
      'postgresAppPassword',
      'decisionKey',
      'payloadKey',
      'tokenKey',
      'signInLinkKey',
      'telegramLinkKey',
      'operatorPasswordHash',
      'operatorPassword',
      'dataKey',
    ],
  },
  /** Renames databases, which only their owner may do, and reads copies stored away from this machine. */
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

/** Fills one folder for each service below `into`: with what it is to have, replacing what it had before. */
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
