import { styleText } from 'node:util';
import type { Command } from 'commander';
import qrcode from 'qrcode-generator';
import { messageOf } from '../../domain/message-of.js';
import { ANY_ROLE, BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { namedOnCli } from '../../home/cli-session.js';
import { dashboardFrom, localDashboard } from '../../home/dashboard-address.js';
import { type Runtime, writtenFileOf } from '../../home/runtime.js';
import { createSignInLink } from '../../supervisor/sign-in-link.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure } from '../failure.js';
import { printExact, printJson, printLines } from '../output.js';
import { requireRunning } from '../running-desk.js';

export function linkCommand(command: Command): void {
  command
    .option('--as <person>', 'who signs in with it: whoever is signed in here')
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
 * The built-in operator's link is open to anybody here, as on the screen after a start; another person's only if that
 * person is signed in.
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
    const why = messageOf(error);
    throw new CliFailure(
      `no link could be made: the database does not answer (${why})`,
      'sign-in by password works without it',
      'fermata up where the desk is not running; otherwise sign in with user and password',
    );
  }
}

/** Width of the light border that the standard (ISO/IEC 18004) requires; cameras find no code without it. */
const QUIET = 4;

/**
 * A QR code for a terminal, two rows of modules to a line. With colours it is black on white whatever the terminal's
 * colours are; without, the light modules are drawn, as for a dark terminal. Throws if the text is too long (over
 * 2,000 bytes).
 */
export function qrCodeLines(text: string, colours: boolean): readonly string[] {
  // 0: the smallest version that holds the text. L: a screen is neither dirty nor torn, and a smaller code fits more
  // terminals.
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
