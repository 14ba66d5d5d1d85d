/** Secrets are files below FERMATA_HOME/secrets, mode 0600, made once and stored nowhere else. */
import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword, verifyPassword } from './people-passwords.js';
import {
  homePaths,
  installationOf,
  peopleHomeOf,
  type SECRET_FILES,
  secretFile,
  sharesPeople,
} from './runtime.js';

type SecretName = keyof typeof SECRET_FILES;

/** Characters of the generated password, none of which can be confused: no 0/O, 1/l. */
const PASSWORD_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const PASSWORD_LENGTH = 20;

const RANDOM_KEYS = [
  'postgresPassword',
  'postgresAppPassword',
  'decisionKey',
  'telegramVoteKey',
  'signInLinkKey',
  'telegramLinkKey',
  'payloadKey',
  'tokenKey',
  'metricsToken',
  'backupKey',
] as const satisfies readonly SecretName[];

/** Throws, and says what to do, if the secret does not exist. */
export function readSecret(home: string, name: SecretName): string {
  const path = secretFile(home, name);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${path} does not exist. It is made at the first start: run npm start once.`);
  }
}

interface SecretsMade {
  /** The password was generated at this start: it is shown once, and stored in `operator-password`. */
  readonly generatedPassword: boolean;
  /** Another password was given, and the operator's stays: why, for a person. */
  readonly unusedPassword?: string;
}

const PASSWORD_UNUSED = {
  shared:
    'DASHBOARD_PASSWORD is not that of the operator, whom this desk shares with the others here: it is not used. To change it for all: fermata secret rotate dashboard-password',
  replaced:
    'DASHBOARD_PASSWORD is the operator’s password of before, which was replaced since: it is not used. Take it out of the environment',
} as const;

/**
 * Makes the missing secrets. `dashboardPassword` (from DASHBOARD_PASSWORD) replaces the operator's password, once:
 * what an environment has kept would put an old password back, which somebody else may know. Not from a further desk
 * that shares it. Without it, a password is generated at the first start.
 */
export async function ensureSecrets(home: string, dashboardPassword?: string): Promise<SecretsMade> {
  const { secrets } = homePaths(home);
  for (const folder of [secrets, homePaths(installationOf(home)).secrets]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  for (const name of RANDOM_KEYS) makeSecret(home, name);
  // It signs who is signed in on the command line.
  makeSecret(peopleHomeOf(home), 'tokenKey');
  return ensureOperatorPassword(home, dashboardPassword || undefined);
}

/**
 * Stores a secret given by a person with the generated ones, replacing the previous one. Resolves to its
 * file.
 */
export async function keepOwnSecret(home: string, file: string, value: string): Promise<string> {
  const { secrets } = homePaths(home);
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  const path = join(secrets, file);
  await replace(path, value);
  return path;
}

/** Makes a random secret if there is none. Called directly for secrets that only some installations have. */
export function makeSecret(home: string, name: SecretName): void {
  createOnce(secretFile(home, name), randomBytes(32).toString('hex'));
}

/** Key of fetched minutes. Null: none were fetched here. */
export function dataKey(home: string): string | null {
  return read(secretFile(home, 'dataKey'));
}

/** The key of fetched minutes, made if missing: minutes can be fetched before the first start. */
export function ensureDataKey(home: string): string {
  mkdirSync(homePaths(installationOf(home)).secrets, { recursive: true, mode: 0o700 });
  makeSecret(home, 'dataKey');
  return readSecret(home, 'dataKey');
}

/** Counts at once. A start with the DASHBOARD_PASSWORD of before leaves it. */
export async function replaceOperatorPassword(home: string, password: string): Promise<void> {
  await replace(secretFile(home, 'operatorPasswordHash'), await hashPassword(password));
  await rm(secretFile(home, 'operatorPassword'), { force: true });
}

/**
 * Whether a password of the environment is another one than the operator's, was given before, and why it does not take
 * that one's place; null: it does.
 */
export async function judgeGiven(
  home: string,
  given: string,
): Promise<{
  readonly isOther: boolean;
  readonly isUsed: boolean;
  readonly refused: 'shared' | 'replaced' | null;
}> {
  const is = async (name: SecretName) => {
    const hash = read(secretFile(home, name));
    return hash === null ? null : verifyPassword(given, hash);
  };
  const isOperators = await is('operatorPasswordHash');
  const isUsed = (await is('operatorPasswordGiven')) === true;
  const usual = sharesPeople(home) ? 'shared' : isUsed ? 'replaced' : null;
  return { isOther: isOperators !== true, isUsed, refused: isOperators === false ? usual : null };
}

async function ensureOperatorPassword(home: string, given: string | undefined): Promise<SecretsMade> {
  const hashFile = secretFile(home, 'operatorPasswordHash');
  const plainFile = secretFile(home, 'operatorPassword');
  if (given !== undefined) {
    const { isOther, isUsed, refused } = await judgeGiven(home, given);
    if (refused !== null) return { generatedPassword: false, unusedPassword: PASSWORD_UNUSED[refused] };
    if (isOther) await replaceOperatorPassword(home, given);
    else await rm(plainFile, { force: true });
    if (!isUsed) await replace(secretFile(home, 'operatorPasswordGiven'), await hashPassword(given));
    return { generatedPassword: false };
  }
  if (read(hashFile) !== null) return { generatedPassword: false };
  // The plain text first: if the process is killed in between, the next start finds it and makes the hash
  // from it.
  createOnce(plainFile, generatePassword());
  await replace(hashFile, await hashPassword(read(plainFile) ?? ''));
  return { generatedPassword: true };
}

function generatePassword(): string {
  // 256 is a multiple of the alphabet's 32 characters, so every character is equally likely.
  return [...randomBytes(PASSWORD_LENGTH)].map((byte) => PASSWORD_ALPHABET[byte % 32]).join('');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Two desks may start at once: only one value is written, and nobody reads half of it. */
function createOnce(path: string, value: string): void {
  writeOnce(path, value);
  if (read(path) !== null) return;
  // The file existed but is empty: a full disk cut the write off.
  writeFileSync(path, `${value}\n`, { mode: 0o600 });
}

/**
 * Does nothing if the file exists. Never leaves half of it, even if another process writes it at the same
 * time, in another container with the same process id too.
 */
export function writeOnce(path: string, text: string): void {
  const own = `${path}.${randomBytes(6).toString('hex')}.new`;
  writeFileSync(own, `${text}\n`, { mode: 0o600 });
  try {
    linkSync(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

async function replace(path: string, value: string): Promise<void> {
  const own = `${path}.${randomBytes(6).toString('hex')}.new`;
  await writeFile(own, `${value}\n`, { mode: 0o600 });
  await rename(own, path);
}
