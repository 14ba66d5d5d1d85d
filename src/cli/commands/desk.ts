import { dirname } from 'node:path';
import type { Command } from 'commander';
import { contactLine, missingOf } from '../../desk/contacts-schema.js';
import { loadDesk } from '../../venue/load-desk.js';
import { readAliases } from '../aliases.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { printJson, printLines } from '../output.js';

export function deskCommand(command: Command): void {
  command
    .command('check')
    .description('check a desk file: every problem with its line, key, expected and found')
    .argument('<file>', 'name, folder or file of a desk')
    .option('--json', 'for scripts')
    .action((file: string, options: { json?: boolean }) => {
      check(file, options.json === true);
    });
}

function check(nameOrFile: string, json: boolean): void {
  const file = namedDeskFile(nameOrFile);
  const { desk, configHash } = loadDesk(file, { parts: stepPartsOf(file) });
  const aliases = readAliases(dirname(file)).size;
  const toFillIn = (desk.contacts ?? []).filter((contact) => missingOf(contact) !== null).map(contactLine);
  if (json) {
    printJson({ file, desk: desk.desk, mode: desk.mode, configHash, problems: [], toFillIn });
    return;
  }
  printLines([
    `✓ ${file}`,
    `  desk ${desk.desk}, ${desk.mode}, ${desk.instruments.map(({ symbol }) => symbol).join(', ')}`,
    ...toFillIn.map((line) => `  ! contacts: ${line}`),
    ...(aliases === 0
      ? []
      : [`  ${counted(aliases, 'name', 'names')} of its own for commands (aliases.yaml)`]),
    `  ${counted(desk.strategies.length, 'strategy', 'strategies')}, ${counted(desk.routines.length, 'routine', 'routines')}, configuration ${configHash.slice(0, 12)}`,
  ]);
}

const counted = (many: number, one: string, more: string): string => `${many} ${many === 1 ? one : more}`;
