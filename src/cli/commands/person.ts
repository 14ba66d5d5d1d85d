import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { loadDesk } from '../../desk/load.js';
import type { Desk } from '../../desk/schema.js';
import { PASSWORD_CHARS_MAX } from '../../home/password.js';
import { passwordHashOf, removePassword, setPassword } from '../../home/people-passwords.js';
import type { Runtime } from '../../home/runtime.js';
import { CliFailure, usageFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { requireRuntime } from '../running-desk.js';

const BUILT_IN = 'operator';
const PASSWORD_CHARS_MIN = 12;
const VARIABLE = 'FERMATA_PERSON_PASSWORD';

type PersonRole = Desk['people'][number]['roles'][number];

export function personCommand(command: Command): void {
  command
    .command('add <name>')
    .description(
      `let a person of the desk file sign in; the password comes from ${VARIABLE}, or is made and printed`,
    )
    .option('--role <role...>', 'what the desk file must give this person: viewer, operator, approver')
    .option('--json', 'for scripts')
    .action((name: string, options: { role?: string[]; json?: boolean }) => add(name, options));
  command
    .command('remove <name>')
    .description(
      'take a person’s password away; to end sign-ins too, take the person out of the desk file and start again',
    )
    .action((name: string) => remove(name));
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

/** The desk file alone says who may what: the trader itself goes by it when it checks a decision. */
function rolesOf(runtime: Runtime, name: string, expected: readonly string[]): readonly PersonRole[] {
  const { people } = loadDesk(runtime.deskFile).desk;
  const roles = people.find((person) => person.name === name)?.roles;
  if (roles === undefined) {
    const wanted = expected.length > 0 ? expected.join(', ') : 'viewer';
    throw new CliFailure(
      `${name} is not among the people of ${runtime.deskFile}`,
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

function remove(name: string): void {
  const runtime = requireRuntime();
  const removed = removePassword(runtime.home, name);
  printLines([
    removed ? `${name} has no password any more.` : `${name} had no password. Nothing was changed.`,
  ]);
}

function list(json: boolean): void {
  const runtime = requireRuntime();
  const people = loadDesk(runtime.deskFile).desk.people.map(({ name, roles }) => ({
    name,
    roles,
    password: name === BUILT_IN || passwordHashOf(runtime.home, name) !== null,
  }));
  if (json) printJson({ people });
  else
    printLines(
      people.map(
        ({ name, roles, password }) => `${name}: ${roles.join(', ')}${password ? '' : ' (no password)'}`,
      ),
    );
}
