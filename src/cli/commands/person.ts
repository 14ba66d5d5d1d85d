import { randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import type { Desk } from '../../desk/schema.js';
import { NAME, NAME_EXPECTED } from '../../desk/typed-names.js';
import { moment } from '../../domain/moment.js';
import { ANY_ROLE, BUILT_IN_OPERATOR as BUILT_IN } from '../../domain/people-roles.js';
import { groupedCode } from '../../domain/vote-statement.js';
import { endCliSession, namedOnCli } from '../../home/cli-session.js';
import { hasOwnPeople, ownPeopleText } from '../../home/installation.js';
import { endPerson } from '../../home/people-folder.js';
import {
  PASSWORD_CHARS_MAX,
  passwordHashOf,
  removePassword,
  setPassword,
} from '../../home/people-passwords.js';
import { passwordKeyOf, removePersonKeys, votePasskeysOf } from '../../home/person-keys.js';
import { type Runtime, writtenFileOf } from '../../home/runtime.js';
import { deskNamesIn, homesSharingPeople } from '../../home/started-desks.js';
import { appendAudit } from '../../store/audit.js';
import { unlinkPerson } from '../../store/people.js';
import { withdrawSignInTokens } from '../../store/sign-in-means.js';
import { loadDesk } from '../../venue/load-desk.js';
import { recordedPerson, SIGNING_OPTION } from '../desk-person.js';
import { CliFailure, usageFailure } from '../failure.js';
import { withDatabase } from '../named-desk.js';
import { printJson, printLines } from '../output.js';
import {
  type KeyOptions,
  type KnownPasskey,
  PASSWORD_CHARS_MIN,
  passkeysOf,
  personKey,
  removePasskey,
} from '../person-key.js';
import { requireRuntime } from '../running-desk.js';
import { sharePeopleCommand } from './login.js';

const VARIABLE = 'FERMATA_PERSON_PASSWORD';

interface PasskeysOptions {
  readonly remove?: string;
  readonly json?: boolean;
}

type PersonRole = Desk['people'][number]['roles'][number];

export function personCommand(command: Command): void {
  command
    .command('add <name>')
    .description(
      `let a person of the desk file sign in; the password comes from ${VARIABLE}, or is generated and printed`,
    )
    .addOption(
      new Option('--role <role...>', 'roles this person must have in the desk file').choices(ANY_ROLE),
    )
    .option('--json', 'for scripts')
    .action((name: string, options: { role?: string[]; json?: boolean }) => add(name, options));
  command
    .command('remove <name>')
    .description('sign a person out at once: no password, passkey, sign-in or Telegram link is left')
    .option('--json', 'for scripts')
    .action((name: string, options: { json?: boolean }) => remove(name, options.json === true));
  command
    .command('key <name>')
    .description(
      'enrol what this person signs real-money decisions with: a key from a password, or a passkey; asks for the passwords',
    )
    .option('--password-file <file>', 'the sign-in password, instead of asking')
    .option(...SIGNING_OPTION)
    .option(
      '--passkey <code>',
      'also enrol a passkey, instead of asking for a signing password: the code that the page showed when it was added',
    )
    .option('--remove', 'remove all keys, or with --passkey that one: they sign nothing any more')
    .option('--json', 'for scripts')
    .action((name: string, options: KeyOptions) => personKey(requireRuntime(), name, options));
  command
    .command('passkeys <name>')
    .description('the passkeys that this person signs in with; --remove takes one away after a lost phone')
    .option(
      '--remove <id>',
      'remove the one whose id begins with this, for good; signs the person out everywhere',
    )
    .option('--json', 'for scripts')
    .action((name: string, options: PasskeysOptions) => passkeys(name, options));
  sharePeopleCommand(command.command('share'));
  command
    .command('list')
    .description('who may do what, and who has a password')
    .option('--json', 'for scripts')
    .action((options: { json?: boolean }) => list(options.json === true));
}

async function add(name: string, options: { role?: string[]; json?: boolean }): Promise<void> {
  const runtime = requireRuntime();
  if (name === BUILT_IN) {
    throw usageFailure(`${BUILT_IN} has a password of its own`, 'set DASHBOARD_PASSWORD and start again');
  }
  if (!NAME.test(name)) {
    const fitting = name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '')
      .slice(0, 40)
      .replace(/-+$/, '');
    throw usageFailure(
      `${name} can't be a person's name: expected ${NAME_EXPECTED}`,
      fitting === '' ? 'choose another one' : `fermata person add ${fitting}`,
    );
  }
  const roles = rolesOf(runtime, name, options.role ?? []);
  const given = process.env[VARIABLE];
  if (given !== undefined && (given.length < PASSWORD_CHARS_MIN || given.length > PASSWORD_CHARS_MAX)) {
    const expected = `${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`;
    throw usageFailure(`${VARIABLE} has ${given.length} characters`, `set it to ${expected}`);
  }
  const password = given ?? randomBytes(15).toString('base64url');
  await setPassword(runtime.home, name, password);
  if (options.json === true) {
    printJson({ name, roles, ...(given === undefined ? { password } : {}) });
    return;
  }
  printLines([
    `${name} (${roles.join(', ')}) can sign in now.`,
    ...(given === undefined ? [`Password, shown this once: ${password}`] : []),
  ]);
}

/** Only the desk file says who may do what: the trader itself checks decisions against it. */
function rolesOf(runtime: Runtime, name: string, expected: readonly string[]): readonly PersonRole[] {
  const { people } = loadDesk(runtime.deskFile).desk;
  const roles = people.find((person) => person.name === name)?.roles;
  if (roles === undefined) {
    const wanted = expected.length > 0 ? expected.join(', ') : 'viewer';
    throw new CliFailure(
      `${name} is not among the people of ${writtenFileOf(runtime)}`,
      'nothing was changed',
      `add to people: { name: ${name}, roles: [${wanted}] }, start again (fermata down, fermata up), then repeat this`,
    );
  }
  const missing = expected.filter((role) => !roles.some((has) => has === role));
  if (missing.length > 0) {
    throw new CliFailure(
      `the desk file gives ${name} the roles ${roles.join(', ')}, not ${missing.join(', ')}`,
      'nothing was changed',
      'change the roles in people, start again (fermata down, fermata up), then repeat this',
    );
  }
  return roles;
}

async function remove(name: string, json: boolean): Promise<void> {
  if (name === BUILT_IN) {
    throw usageFailure(`${BUILT_IN} can always sign in`, 'set DASHBOARD_PASSWORD and start again');
  }
  const runtime = requireRuntime();
  const removed = await removePerson(runtime, name);
  const others = deskNamesIn(homesSharingPeople(runtime.home).slice(1));
  if (json) {
    printJson(removed);
    return;
  }
  const { roles, hadPassword, wasLinked } = removed;
  // A slip of the pen must not pass for the person who leaves.
  const isUnknown = roles.length === 0 && !hadPassword && !wasLinked;
  printLines([
    ...(isUnknown ? [`! nothing of ${name} was known here: is that the name?`] : []),
    `✓ ${name} is signed out everywhere${others.map((desk) => `, also at ${desk}`).join('')}: no password, no passkey, no sign-in, no Telegram link.`,
    ...(roles.length === 0
      ? []
      : [`  The desk file still names ${name} (${roles.join(', ')}): take that out too, and start again.`]),
  ]);
}

async function passkeys(name: string, { remove: id, json = false }: PasskeysOptions): Promise<void> {
  const runtime = requireRuntime();
  if (id !== undefined) {
    const removed = await removePasskey(runtime, name, id);
    if (json) printJson({ name, removed: removed.id });
    else
      printLines([
        `✓ The passkey “${removed.name}” of ${name} is removed for good, and ${name} is signed out everywhere.`,
        '  The password and other passkeys still sign in.',
      ]);
    return;
  }
  const found = await passkeysOf(runtime, name);
  if (json) printJson({ name, passkeys: found });
  else if (found.length === 0) printLines([`${name} has no passkey`]);
  else printLines(found.map(passkeyLine));
}

function passkeyLine({ id, name, rpId, createdMs, usedMs, signsIn, votes }: KnownPasskey): string {
  const used = usedMs === null ? 'not used yet' : `last used ${moment(usedMs)}`;
  const doing = signsIn ? `, ${used}${votes ? '; signs votes' : ''}` : '; signs votes alone';
  return `${id.slice(0, 12)}  “${name}” at ${rpId}, since ${moment(createdMs)}${doing}`;
}

function list(json: boolean): void {
  const runtime = requireRuntime();
  const people = loadDesk(runtime.deskFile).desk.people.map(({ name, roles }) => ({
    name,
    roles,
    key: passwordKeyOf(runtime.home, name),
    votePasskeys: votePasskeysOf(runtime.home, name),
    password: name === BUILT_IN || passwordHashOf(runtime.home, name) !== null,
  }));
  const ownPeople = hasOwnPeople(runtime.home);
  if (json) printJson({ people, ownPeople });
  else
    printLines([
      ...people.map(({ name, roles, password, key: own, votePasskeys }) =>
        [
          `${name}: ${roles.join(', ')}${password ? '' : ' (no password)'}`,
          ...(own === null ? [] : [`key ${own.keyId} since ${moment(own.enrolledMs)}`]),
          ...votePasskeys.map(
            ({ keyId, name: word, enrolledMs }) =>
              `passkey “${word}” for votes ${groupedCode(keyId).slice(0, 9)} since ${moment(enrolledMs)}`,
          ),
        ].join('; '),
      ),
      ...(ownPeople ? [ownPeopleText(runtime.desk)] : []),
    ]);
}

interface PersonRemoved {
  readonly name: string;
  readonly hadPassword: boolean;
  readonly wasLinked: boolean;
  /** Roles that the desk file still gives this person. */
  readonly roles: readonly string[];
}

/**
 * A person leaves: first everything that needs no database, then links of every kind. Rejects with
 * `CliFailure` if the database is down: by then the password is gone and sign-ins have ended.
 */
async function removePerson(runtime: Runtime, name: string): Promise<PersonRemoved> {
  const { people } = loadDesk(runtime.deskFile).desk;
  // Before that person's own session ends.
  const by = recordedPerson(runtime);
  endPerson(runtime.home, name);
  const hadPassword = removePassword(runtime.home, name);
  removePersonKeys(runtime.home, name);
  if (namedOnCli(runtime.home, Date.now()) === name) endCliSession(runtime.home);
  const wasLinked = await removeLinks(runtime, name, by);
  return { name, hadPassword, wasLinked, roles: people.find((person) => person.name === name)?.roles ?? [] };
}

function removeLinks(runtime: Runtime, name: string, by: string): Promise<boolean> {
  const { desk } = runtime;
  return withDatabase(
    runtime,
    'remove-person',
    async (pool) => {
      await withdrawSignInTokens(pool, name);
      const wasLinked = await unlinkPerson(pool, desk, name);
      const entry = { desk, person: by, via: 'cli', action: 'person.remove' } as const;
      const parameters = { person: name, wasLinked };
      await appendAudit(pool, { ...entry, parameters, outcome: 'signed out' });
      return wasLinked;
    },
    (why) =>
      new CliFailure(
        `the Telegram link and unused sign-in links of ${name} stay: the database does not answer (${why})`,
        `${name} has no password any more, and every sign-in has ended`,
        'fermata status shows what is down; run this again when the database is back',
      ),
  );
}
