/** The chat bot and its people, and a test alert. */

import { type Command, InvalidArgumentError } from 'commander';
import { counted } from '../../domain/figure-text.js';
import { ANY_ROLE, BUILT_IN_OPERATOR, OPERATOR } from '../../domain/people-roles.js';
import { CHANNELS, type Channel } from '../../home/channel-health.js';
import { endTelegramLinks } from '../../home/people-folder.js';
import type { Runtime } from '../../home/runtime.js';
import { deskNamesIn, homesSharingPeople } from '../../home/started-desks.js';
import { newToken, telegramMaker } from '../../store/access-rows.js';
import { type AuditAction, appendAudit } from '../../store/audit.js';
import { createLinkCode, unlinkPerson } from '../../store/people.js';
import { loadDesk } from '../../venue/load-desk.js';
import { actingPerson, recordedPerson, requireNamed, signedInPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, failureLines } from '../failure.js';
import { withDatabase } from '../named-desk.js';
import { printJson, printLines } from '../output.js';
import { requireRunning, withOperations } from '../running-desk.js';

const CODE_MINUTES = 15;

interface TelegramLink {
  readonly person: string;
  readonly code: string;
  readonly minutes: number;
}

export function telegramCommand(command: Command): void {
  command
    .command('link <person>')
    .summary('print a one-time code that makes a Telegram account this person')
    .option('--json', 'for scripts')
    .action(async (person: string, options: { json?: boolean }) => {
      const runtime = await requireRunning();
      requireNamed(loadDesk(runtime.deskFile).desk.people, person);
      // A linked person can vote by Telegram: linking all but the built-in operator requires their sign-in.
      if (person !== BUILT_IN_OPERATOR) signedInPerson(runtime, ANY_ROLE, person);
      const link = await newTelegramLink(runtime, person);
      if (options.json === true) printJson(link);
      else
        printLines([
          `/start ${link.code}`,
          `(send this to the desk's bot in a private chat, once, within ${counted(link.minutes, 'minute')}: you are ${person} then)`,
        ]);
    });
  command
    .command('unlink <person>')
    .summary('unlink this person’s Telegram account')
    .option('--json', 'for scripts')
    .action(async (person: string, options: { json?: boolean }) => {
      const runtime = await requireRunning();
      const removed = await removeTelegramLink(runtime, person);
      const others = deskNamesIn(homesSharingPeople(runtime.home).slice(1));
      if (options.json === true) printJson({ person, wasLinked: removed, alsoAt: others });
      else
        printLines([
          removed ? `✓ ${person} is no longer linked` : `${person} was not linked`,
          // It is said for a lost phone, which has the chats of every desk.
          ...others.map((desk) => `  nor at ${desk}: fermata telegram link ${person} --desk ${desk}`),
        ]);
    });
}

/** Rejects with `CliFailure`. The code is shown once; only its hash is stored. */
async function newTelegramLink(runtime: Runtime, person: string): Promise<TelegramLink> {
  const code = newToken();
  const entry = auditEntry(runtime, person, 'telegram.link-code');
  const maker = telegramMaker(runtime.home);
  await withDatabase(
    runtime,
    'telegram-link',
    async (pool) => {
      await createLinkCode(pool, maker, runtime.desk, person, code, CODE_MINUTES);
      await appendAudit(pool, { ...entry, outcome: 'a code was made' });
    },
    (why) =>
      new CliFailure(
        `links can't be changed: the database does not answer (${why})`,
        'who was linked before stays linked',
        'fermata status shows what is down; try again when the database is back',
      ),
  );
  return { person, code, minutes: CODE_MINUTES };
}

function removeTelegramLink(runtime: Runtime, person: string): Promise<boolean> {
  const entry = auditEntry(runtime, person, 'telegram.unlink');
  // From here on, earlier links no longer count, even if they are still in Postgres or are put back there.
  endTelegramLinks(runtime.home, person);
  return withDatabase(
    runtime,
    'telegram-link',
    async (pool) => {
      const removed = await unlinkPerson(pool, runtime.desk, person);
      await appendAudit(pool, { ...entry, outcome: removed ? 'removed' : 'there was none' });
      return removed;
    },
    (why) =>
      new CliFailure(
        `the Telegram link of ${person} may still be in the database, which does not answer (${why})`,
        `earlier links and codes of ${person} count no more`,
        'fermata status shows what is down; run this again when the database is back',
      ),
  );
}

function auditEntry(runtime: Runtime, person: string, action: AuditAction) {
  const by = { desk: runtime.desk, person: recordedPerson(runtime), via: 'cli' } as const;
  return { ...by, action, parameters: { person } };
}

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export function notifyCommand(command: Command): void {
  command
    .command('test')
    .description('send a test alert, and say whether it reached anybody')
    .argument('<channel>', CHANNELS.join(' or '), channel)
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (tested: Channel, { as, json }: Options) => {
      const outcome = await withOperations(
        (operations, runtime) =>
          operations.testAlert({ person: actingPerson(runtime, OPERATOR, as), via: 'cli' }, tested),
        'the alert to arrive, at most 20 s',
      );
      const { ok, detail, doThis = AS_IT_STANDS } = outcome;
      const refusal = { keptSafe: KEPT, doThis };
      if (json === true) printJson({ ...outcome, ...(ok ? {} : refusal) });
      else
        printLines(
          ok ? [`✓ ${detail}`] : failureLines({ message: detail, ...refusal, exitCode: EXIT_FAILED }),
        );
      process.exitCode = ok ? EXIT_OK : EXIT_FAILED;
    });
}

const KEPT = 'the desk goes on as it was; what it has to tell stands on the page and in fermata incidents';
const AS_IT_STANDS = 'mend what is named; fermata status says how alerts stand, then again';

function channel(text: string): Channel {
  const known = CHANNELS.find((one) => one === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`expected ${CHANNELS.join(' or ')}`);
}
