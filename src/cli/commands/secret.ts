import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { OPERATOR } from '../../domain/people-roles.js';
import { verifyPassword } from '../../home/people-passwords.js';
import type { Runtime } from '../../home/runtime.js';
import { keepOwnSecret, readSecret, replaceOperatorPassword } from '../../home/secrets.js';
import { mailServer } from '../../mail/mail-server.js';
import {
  keptSecret,
  mailSettings,
  telegramCredentials,
  unlessInEnvironment,
} from '../../notify/channel-credentials.js';
import { appendAudit } from '../../store/audit.js';
import { openPool } from '../../store/pool.js';
import { newBot } from '../../telegram/build-bot.js';
import { grammySignal } from '../../telegram/sending/send-outcome.js';
import { loadDesk } from '../../venue/load-desk.js';
import { deskPerson } from '../desk-person.js';
import { replaceFile, withVariable } from '../environment-file.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines, sayingWhat } from '../output.js';
import { PASSWORD_CHARS_MIN } from '../person-key.js';
import { readPassword } from '../read-password.js';
import { requireRuntime } from '../running-desk.js';

interface Options {
  readonly file?: string;
  readonly json?: boolean;
}

export function secretCommand(command: Command): void {
  command
    .command('rotate')
    .description('replace a credential where it is stored, once the new one is proven; asks for the new one')
    .argument('<credential>', NAMES, credentialNamed)
    .option('--file <file>', 'its first line is the new one, instead of asking')
    .option('--json', 'for scripts')
    .action(async (name: CredentialName, { file, json }: Options) => {
      const runtime = requireRuntime();
      const { title } = CREDENTIALS[name];
      const value = await readPassword({ prompt: `New ${title}: `, file, option: '--file' });
      const rotating = rotateSecret(runtime, name, deskPerson(runtime, OPERATOR), value);
      const rotated = await sayingWhat(() => 'waiting for an answer to the new one', rotating);
      if (json === true) printJson(rotated);
      else
        printLines([
          `✓ The ${title} is replaced (${rotated.kept}).`,
          ...rotated.next.map((line) => `  ${line}`),
        ]);
    });
}

function credentialNamed(text: string): CredentialName {
  if (Object.hasOwn(CREDENTIALS, text)) return text as CredentialName;
  throw new InvalidArgumentError(`expected one of ${NAMES}`);
}

const ENV_FILE = '.env';
const ASK_MS = 15_000;

interface Subject {
  readonly home: string;
  readonly desk: Desk;
  readonly env: NodeJS.ProcessEnv;
}

interface Credential {
  readonly title: string;
  readonly variable: (desk: Desk) => string;
  /**
   * File name below the secrets, for credentials that are not in the environment. Null: it is stored in
   * another form.
   */
  readonly file: string | null;
  /**
   * Rejects with the reason if the new one is refused; otherwise resolves with what is left to do about the
   * old one.
   */
  readonly prove: (subject: Subject, value: string) => Promise<readonly string[]>;
}

const CREDENTIALS = {
  'dashboard-password': {
    title: 'password of the dashboard',
    variable: () => 'DASHBOARD_PASSWORD',
    file: null,
    prove: async ({ home }, value) => {
      if (value.length < PASSWORD_CHARS_MIN)
        throw new Error(`it has fewer than ${PASSWORD_CHARS_MIN} characters`);
      if (await verifyPassword(value, readSecret(home, 'operatorPasswordHash')))
        throw new Error('it is the password of before');
      return [];
    },
  },
  'telegram-token': {
    title: 'token of the Telegram bot',
    variable: ({ notify }) => notify.telegram.tokenEnv,
    file: 'telegram-bot-token',
    prove: async ({ home, desk, env }, value) => {
      const { tokenEnv } = desk.notify.telegram;
      const credentials = telegramCredentials(home, desk, { ...env, [tokenEnv]: value });
      if (credentials === null)
        throw new Error('Telegram is switched off in the desk file (notify.telegram.enabled)');
      const old = keptSecret(env, tokenEnv, home, 'telegram-bot-token');
      if (old === value) throw new Error('it is the token of before');
      const { apiRoot } = credentials;
      if (!(await takesToken(value, apiRoot))) throw new Error('Telegram does not know it');
      return old !== null && (await takesToken(old, apiRoot).catch(() => true))
        ? [
            'The old token still works: take it away at BotFather (/revoke), above all where somebody else may know it.',
          ]
        : [];
    },
  },
  'mail-password': {
    title: 'password at the mail server',
    variable: () => 'SMTP_PASSWORD',
    file: 'smtp-password',
    prove: async ({ home, desk, env }, value) => {
      const settings = mailSettings(home, desk, { ...env, SMTP_PASSWORD: value });
      if (settings === null) throw new Error('no mail server is set here (SMTP_SERVER)');
      if (keptSecret(env, 'SMTP_PASSWORD', home, 'smtp-password') === value)
        throw new Error('it is the password of before');
      const { kind, reply } = await mailServer(desk.desk, settings, AbortSignal.timeout(ASK_MS)).ask();
      if (kind !== 'sent') throw new Error(`the mail server does not take it: ${reply}`);
      return ['Take the old app password away where you made it.'];
    },
  },
} as const satisfies Readonly<Record<string, Credential>>;

const NAMES = Object.keys(CREDENTIALS).join(', ');

export type CredentialName = keyof typeof CREDENTIALS;

interface Rotated {
  readonly credential: CredentialName;
  /** The file that holds it now. */
  readonly kept: string;
  /** What is left to do, in words. */
  readonly next: readonly string[];
}

/**
 * Replaces a credential of the desk where it is stored: proven first, written completely or not at all, never
 * printed. Rejects with `CliFailure`; then the old one remains valid.
 */
export async function rotateSecret(
  runtime: Runtime,
  name: CredentialName,
  person: string,
  value: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Rotated> {
  const { home } = runtime;
  const { desk } = loadDesk(runtime.deskFile);
  const credential: Credential = CREDENTIALS[name];
  const keep = placeOf(credential, credential.variable(desk), home, env);
  let left: readonly string[];
  try {
    left = await credential.prove({ home, desk, env }, value);
  } catch (error) {
    throw refused(`the new ${credential.title} was not taken: ${messageOf(error)}`, 'give another one');
  }
  const kept = await keep(value);
  if (name === 'dashboard-password') await replaceOperatorPassword(home, value);
  const unaudited = await audit(runtime, name, person);
  const counts =
    name === 'dashboard-password'
      ? 'It counts from now on; whoever was signed in with the old one is signed out.'
      : 'It counts from the next start: fermata down, fermata up.';
  return {
    credential: name,
    kept,
    next: [counts, ...unlessInEnvironment(home, kept, credential.variable(desk)), ...left, ...unaudited],
  };
}

/**
 * Finds where the old one is stored, to store the new one in the same place. Returns the function that writes
 * it and resolves to the file.
 */
function placeOf(
  { title, file }: Credential,
  variable: string,
  home: string,
  env: NodeJS.ProcessEnv,
): (value: string) => Promise<string> {
  if (env.FERMATA_SECRETS)
    throw refused(
      `the ${title} is dealt out to the containers at their start`,
      `change ${variable} in ${ENV_FILE}, and start them again`,
    );
  const named = env[`${variable}_FILE`]?.trim();
  if (env[variable]?.trim()) {
    const settings = resolve(ENV_FILE);
    const text = existsSync(settings) ? readFileSync(settings, 'utf8') : '';
    if (parseEnv(text)[variable] !== env[variable])
      throw refused(
        `${variable} stands in this shell’s environment, which counts before every file`,
        `change it where the shell has it from, or unset it, and repeat this`,
      );
    return async (value) => replaceFile(settings, withVariable(text, variable, value));
  }
  if (named) return async (value) => replaceFile(named, `${value}\n`);
  return async (value) =>
    file === null ? 'the desk’s secrets, as a hash' : keepOwnSecret(home, file, value);
}

async function takesToken(token: string, apiRoot: string): Promise<boolean> {
  try {
    await newBot(token, apiRoot).api.getMe(grammySignal(AbortSignal.timeout(ASK_MS)));
    return true;
  } catch (error) {
    if ((error as { readonly error_code?: number }).error_code !== undefined) return false;
    throw new Error('Telegram was not reached');
  }
}

async function audit(runtime: Runtime, credential: string, person: string): Promise<readonly string[]> {
  const pool = openPool(runtime, 'rotate-secret');
  try {
    const entry = {
      desk: runtime.desk,
      person,
      via: 'cli',
      action: 'secret.rotate' as const,
      outcome: 'rotated',
    } as const;
    await appendAudit(pool, { ...entry, parameters: { credential } });
    return [];
  } catch (error) {
    return [`The audit entry was not written (${messageOf(error)}): note it in the task.`];
  } finally {
    await pool.end();
  }
}

const refused = (what: string, doThis: string): CliFailure =>
  new CliFailure(what, 'the old one counts as before', doThis);
