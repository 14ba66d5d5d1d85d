import type { Command } from 'commander';
import { ANY_ROLE, BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { signedInPerson } from '../desk-person.js';
import { requireRunning } from '../ended-desk.js';
import { printJson, printLines } from '../output.js';
import { newTelegramLink, removeTelegramLink } from '../telegram-link.js';

export function telegramCommand(command: Command): void {
  command
    .command('link <person>')
    .summary('print a one-time code that makes a Telegram account this person')
    .option('--json', 'for scripts')
    .action(async (person: string, options: { json?: boolean }) => {
      const runtime = await requireRunning();
      // Who is linked votes there: another's name is only for who is signed in.
      if (person !== BUILT_IN_OPERATOR) signedInPerson(runtime, ANY_ROLE, person);
      const link = await newTelegramLink(runtime, person);
      if (options.json === true) printJson(link);
      else
        printLines([
          `/start ${link.code}`,
          `(send this to the desk's bot in a private chat, once, within ${link.minutes} minutes: you are ${person} then)`,
        ]);
    });
  command
    .command('unlink <person>')
    .summary('the Telegram account of this person is a stranger again')
    .option('--json', 'for scripts')
    .action(async (person: string, options: { json?: boolean }) => {
      const removed = await removeTelegramLink(await requireRunning(), person);
      if (options.json === true) printJson({ person, wasLinked: removed });
      else printLines([removed ? `✓ ${person} is no longer linked` : `${person} was not linked`]);
    });
}
