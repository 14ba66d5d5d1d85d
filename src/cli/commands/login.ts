/**
 * Signing in and out: `fermata login NAME` and `logout` on the command line, without a running desk, and
 * `fermata link` for a browser. And whose people a desk has.
 */
import { existsSync } from 'node:fs';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import qrcode from 'qrcode-generator';
import { HOUR_MS } from '../../domain/civil-date.js';
import { messageOf } from '../../domain/message-of.js';
import { ANY_ROLE, BUILT_IN_OPERATOR, type RolesNeeded, rolesOf } from '../../domain/people-roles.js';
import {
  beginCliSession,
  endCliSession,
  namedOnCli,
  SESSION_LASTS_MS,
  SESSION_REST_MS,
} from '../../home/cli-session.js';
import { furtherDeskOf } from '../../home/installation.js';
import { PeopleFileUnusable } from '../../home/people-folder.js';
import { verifyPassword } from '../../home/people-passwords.js';
import { type Runtime, secretFile, sharesPeople, writtenFileOf } from '../../home/runtime.js';
import {
  endSharingPeople,
  lackedThere,
  sharePeople,
  signInPasswordHash,
  standingOf,
} from '../../home/sign-in-standing.js';
import { dashboardFrom, homesSharingPeople, localDashboard } from '../../home/started-desks.js';
import { createSignInLink } from '../../store/sign-in-means.js';
import { hasEnded } from '../../supervisor/desk-end.js';
import { loadDesk } from '../../venue/load-desk.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure } from '../failure.js';
import { printExact, printJson, printLines } from '../output.js';
import { readPassword } from '../read-password.js';
import { fermataHome, requireRunning, requireRuntime } from '../running-desk.js';

/** Nobody's hash: an unknown name takes as long to check as a wrong password. */
const NO_HASH = 'scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

interface LoginOptions {
  readonly passwordFile?: string;
  readonly json?: boolean;
}

export function loginCommand(command: Command): void {
  command
    .argument('<name>', 'person of the desk file')
    .option(
      '--password-file <file>',
      'its first line is the password; left out: asked for, or read from a pipe',
    )
    .option('--json', 'for scripts')
    .action(async (name: string, { passwordFile, json }: LoginOptions) => {
      const { home } = requireRuntime();
      const desks = desksWithRole(home, name);
      const password = await readPassword({ prompt: `Password of ${name}: `, file: passwordFile });
      const known = signInPasswordHash(home, name);
      const right = await verifyPassword(password, known ?? NO_HASH);
      const [desk] = desks;
      if (!right || known === null || desk === undefined) throw refused(home, name);
      const nowMs = Date.now();
      const before = namedOnCli(home, nowMs);
      beginCliSession(home, name, standingOf(home, name), nowMs);
      const endsMs = nowMs + SESSION_LASTS_MS;
      if (json === true) printJson({ person: name, roles: desk.roles, desks, endsMs });
      else
        printLines([
          `✓ ${name} (${rolesWords(desks)}) is signed in here, ${SESSION_LASTS_MS / HOUR_MS} hours at most; ${SESSION_REST_MS / HOUR_MS} hour without a command ends it.`,
          ...(before === null || before === name
            ? []
            : [
                `  ${before} is signed out here: from now on a decision takes --as ${name}, in each terminal.`,
              ]),
          '  fermata logout ends it now.',
        ]);
    });
}

export function logoutCommand(command: Command): void {
  command.option('--json', 'for scripts').action(({ json }: { json?: boolean }) => {
    const home = fermataHome();
    const person = namedOnCli(home, Date.now());
    const wasSignedIn = endCliSession(home);
    if (json === true) printJson({ person, wasSignedIn });
    else
      printLines([
        wasSignedIn ? `✓ ${person ?? 'whoever was signed in'} is signed out here` : 'nobody was signed in',
      ]);
  });
}

interface DeskRoles {
  readonly desk: string;
  readonly roles: RolesNeeded;
}

/** The desks that share these people and give this person a role: the chosen one first. */
function desksWithRole(home: string, name: string): readonly DeskRoles[] {
  return homesSharingPeople(home).flatMap((one) => {
    const { desk, deskFile } = requireRuntime(one);
    try {
      const roles = rolesOf(loadDesk(deskFile).desk.people, name);
      return roles.length === 0 ? [] : [{ desk, roles }];
    } catch (error) {
      // A desk that has ended may have a file that can't be read any more: nobody is kept out of the others.
      if (one === home) throw error;
      return [];
    }
  });
}

const rolesWords = (desks: readonly DeskRoles[]): string =>
  desks.length === 1
    ? (desks[0]?.roles ?? []).join(', ')
    : desks.map(({ desk, roles }) => `${desk}: ${roles.join(', ')}`).join('; ');

function refused(home: string, name: string): CliFailure {
  const generated = secretFile(home, 'operatorPassword');
  return new CliFailure(
    `${name} was not signed in: name or password is wrong`,
    'nothing was changed',
    name === BUILT_IN_OPERATOR && existsSync(generated)
      ? `this desk's generated password of the operator is in ${generated}`
      : 'fermata person list shows who has a password',
  );
}

/** `fermata person share`. */
export function sharePeopleCommand(command: Command): void {
  command
    .description('let the desk have the people and sign-ins of the installation; the desk must have ended')
    .option('--end', 'let it have people of its own again')
    .option('--yes', 'also if some of its people have no password or signing key among the installation’s')
    .option('--json', 'for scripts')
    .action(share);
}

async function share({ end = false, yes = false, json = false }): Promise<void> {
  const { home, desk, deskFile } = requireRuntime();
  const refuse = (why: string, doThis: string) => new CliFailure(why, 'nothing was changed', doThis);
  if (furtherDeskOf(home) === null)
    throw refuse(`the people of ${desk} are those of the installation`, 'name a further desk with --desk');
  const already = end ? 'has people of its own' : 'shares the installation’s people';
  if (sharesPeople(home) !== end)
    throw refuse(`${desk} ${already} already`, 'fermata person list shows them');
  const lacks = end ? [] : lackedThere(home, loadDesk(deskFile).desk.people);
  if (lacks.length > 0 && !yes)
    throw refuse(lacks.join('\n'), 'give --yes all the same, then these commands');
  if (!(await hasEnded(home)))
    throw refuse(`${desk} runs, and its processes use the people that it has`, `fermata down --desk ${desk}`);
  if (end) endSharingPeople(home);
  else sharePeople(home);
  if (json) printJson({ desk, shared: !end });
  else
    printLines([
      end
        ? `✓ ${desk} has people of its own: passwords, signing keys and sign-ins count there alone.`
        : `✓ ${desk} has the people of the installation: one password, signing key and sign-in for all desks that share them.`,
      ...lacks.map((line) => `  ! ${line}`),
    ]);
}

export function linkCommand(command: Command): void {
  command
    .option('--as <person>', 'who signs in with it: the person signed in here')
    .option('--qr', 'as a QR code too, for a phone’s camera; needs api.publicUrl in the desk file')
    .option('--json', 'for scripts')
    .action(async (options: { as?: string; qr?: boolean; json?: boolean }) => {
      const runtime = await requireRunning();
      if (options.qr === true) reachedByPhones(runtime);
      const person = whose(runtime, options.as);
      const link = await newSignInLink(runtime, person);
      const here = link.replace(dashboardFrom(runtime.web), localDashboard(runtime.web));
      if (options.json === true) printJson({ link, here });
      else {
        if (options.qr === true) printExact(qrCodeLines(link, process.stdout.hasColors?.() ?? false));
        printLines([link, ...(here === link ? [] : [`on this machine: ${here}`]), onceText(person)]);
      }
    });
}

/** Throws `CliFailure` if the link would lead a phone to its own loopback address. */
function reachedByPhones(runtime: Runtime): void {
  const { web } = runtime;
  if (web.publicUrl !== undefined) return;
  throw new CliFailure(
    `${localDashboard(web)} leads to this machine alone: a phone that scans it finds nothing`,
    'no link was made',
    `put the https address of your proxy or tunnel into ${writtenFileOf(runtime)} as api.publicUrl and start the desk again; docs/DEPLOY.md has recipes`,
  );
}

const onceText = (person: string): string => `(signs ${person} in once, within 15 minutes)`;

/**
 * Anybody here may have the built-in operator's link, which a start also shows on the screen. Another
 * person's link requires that person's sign-in.
 */
function whose(runtime: Runtime, named: string | undefined): string {
  const person = named ?? namedOnCli(runtime.home, Date.now()) ?? BUILT_IN_OPERATOR;
  return person === BUILT_IN_OPERATOR ? person : signedInPerson(runtime, ANY_ROLE, named);
}

/** Rejects with `CliFailure`. */
async function newSignInLink(runtime: Runtime, person: string): Promise<string> {
  try {
    return await createSignInLink(runtime, dashboardFrom(runtime.web), person);
  } catch (error) {
    if (error instanceof PeopleFileUnusable) throw error;
    const why = messageOf(error);
    throw new CliFailure(
      `no link could be made: the database does not answer (${why})`,
      'sign-in by password works without it',
      'fermata up where the desk is not running; otherwise sign in with user and password',
    );
  }
}

/** Width of the light border that the standard (ISO/IEC 18004) requires; without it, cameras find no code. */
const QUIET = 4;

/**
 * A QR code for a terminal, two rows of modules to a line. With colours, it is black on white whatever the
 * terminal's own colours. Without, it draws the light modules, as for a dark terminal. Throws if the text is
 * too long (over 2,000 bytes).
 */
export function qrCodeLines(text: string, colours: boolean): readonly string[] {
  // 0: the smallest version that holds the text. L: a screen is neither dirty nor torn, and a smaller code
  // fits more terminals.
  const code = qrcode(0, 'L');
  code.addData(text, 'Byte');
  code.make();
  const size = code.getModuleCount();
  const isDark = (row: number, column: number): boolean =>
    row >= 0 && row < size && column >= 0 && column < size && code.isDark(row, column);
  const lines: string[] = [];
  for (let row = -QUIET; row < size + QUIET; row += 2) {
    let line = '';
    for (let column = -QUIET; column < size + QUIET; column += 1)
      line += half(isDark(row, column) === colours, isDark(row + 1, column) === colours);
    lines.push(colours ? styleText(['black', 'bgWhiteBright'], line, { validateStream: false }) : line);
  }
  return lines;
}

const half = (top: boolean, bottom: boolean): string => (top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ');
