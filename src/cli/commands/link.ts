import type { Command } from 'commander';
import { OPERATOR } from '../../domain/roles.js';
import { deskPerson } from '../desk-person.js';
import { requireRunning } from '../ended-desk.js';
import { printJson, printLines } from '../output.js';
import { newSignInLink } from '../sign-in-link.js';

export function linkCommand(command: Command): void {
  command
    .option('--as <person>', 'person of the desk file who signs in with it')
    .option('--json', 'for scripts')
    .action(async (options: { as?: string; json?: boolean }) => {
      const runtime = await requireRunning();
      const link = await newSignInLink(runtime, deskPerson(runtime, OPERATOR, options.as));
      if (options.json === true) {
        printJson({ link });
      } else {
        printLines([link, '(signs in once, within 15 minutes)']);
      }
    });
}
