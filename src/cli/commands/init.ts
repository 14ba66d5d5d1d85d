import type { Command } from 'commander';
import { askForDesk } from '../ask-for-desk.js';
import { instrumentValue } from '../instrument-value.js';
import { type NewDeskRequest, writeNewDesk } from '../new-desk-file.js';
import {
  amountValue,
  collected,
  personValue,
  positiveNumber,
  symbolValue,
  wholeNumber,
} from '../option-values.js';
import { printJson, printLines } from '../output.js';

interface Options extends NewDeskRequest {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function initCommand(command: Command): void {
  command
    .option('--name <name>', 'name of the desk; the file is desks/<name>.yaml')
    .option('--from <file>', "a bot's environment file (.env); its secrets stay where they are")
    .option(
      '--symbol <symbol>',
      'what is traded, for example BTC/USDT; repeat for more',
      collected(symbolValue),
    )
    .option(
      '--instrument <symbol,tick,lot,min>',
      'step sizes of a symbol that is not known, for example SOL/USDT,0.01,0.001,5; repeat for more',
      collected(instrumentValue),
    )
    .option('--balance <amount>', 'paper money at the start', amountValue)
    .option('--port <port>', 'port of dashboard and API; 0: any free one', wholeNumber(0, 65_535))
    .option('--max-position-pct <percent>', 'largest position, percent of equity', positiveNumber(100))
    .option('--live', 'real money: mode live on the exchange itself, and nothing arms by itself')
    .option('--approver <name>', 'with --live: who else approves; repeat for more', collected(personValue))
    .option('--yes', 'ask nothing: what is not given stays as the crypto desk has it')
    .option('--json', 'for scripts; asks nothing')
    .action(init);
}

async function init(options: Options): Promise<void> {
  const asks =
    options.yes !== true && options.json !== true && options.from === undefined && process.stdin.isTTY;
  const written = writeNewDesk(asks ? await askForDesk(options) : options, process.cwd());
  if (options.json === true) {
    printJson(written);
    return;
  }
  printLines([
    `✓ wrote ${written.file}`,
    ...written.notes.map((note) => `  ! ${note}`),
    `  check it: fermata desk check ${written.desk}`,
    `  start it: fermata up --desk ${written.desk}`,
  ]);
}
