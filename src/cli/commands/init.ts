import { createInterface, type Interface } from 'node:readline/promises';
import type { Command } from 'commander';
import { symbolIn } from '../../desk/symbol-text.js';
import { usageFailure } from '../failure.js';
import { NEW_DESK_NAME, type NewDeskRequest, writeNewDesk } from '../new-desk-file.js';
import {
  amountValue,
  collected,
  instrumentValue,
  personValue,
  positiveNumber,
  symbolValue,
  wholeNumber,
} from '../option-values.js';
import { printJson, printLines } from '../output.js';

const KNOWN_SYMBOLS = ['BTC/USDT', 'ETH/USDT'];

const TRIES_MAX = 5;

const listOf = (answer: string): string[] => answer.split(',').map((symbol) => symbolIn(symbol) ?? symbol);

const isName = (answer: string): boolean => /^[a-z][a-z0-9-]{0,39}$/.test(answer);

const areSymbols = (answer: string): boolean =>
  listOf(answer).every((one) => /^[A-Z0-9]+\/[A-Z0-9]+$/.test(one));

const areSteps = (answer: string): boolean => /^\s*[\d.]+\s*,\s*[\d.]+\s*,\s*[\d.]+\s*$/.test(answer);

const isAmount = (answer: string): boolean => /^\d+(\.\d+)?$/.test(answer);

const isPort = (answer: string): boolean => /^\d{1,5}$/.test(answer) && Number(answer) <= 65_535;

interface Options extends NewDeskRequest {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function initCommand(command: Command): void {
  command
    .option('--name <name>', 'name of the desk; its folder is desks/<name>')
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

/** The questions of `fermata init`; an empty answer takes the default in brackets, if there is one. */
export async function askForDesk(
  request: NewDeskRequest,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stdout,
): Promise<NewDeskRequest> {
  const terminal = createInterface({ input, output });
  try {
    const name = request.name ?? (await ask(terminal, 'Name of the desk', NEW_DESK_NAME, isName));
    const symbols =
      request.symbol ??
      listOf(await ask(terminal, 'What is traded, with commas', KNOWN_SYMBOLS.join(','), areSymbols));
    const unknown = symbols.filter((symbol) => !KNOWN_SYMBOLS.includes(symbol));
    const instrument = [...(request.instrument ?? [])];
    for (const symbol of unknown.filter((one) => !instrument.some((known) => known.symbol === one))) {
      const steps = await askSteps(terminal, symbol);
      instrument.push(instrumentValue(`${symbol},${steps.replaceAll(' ', '')}`));
    }
    const balance = request.balance ?? (await ask(terminal, 'Paper money', '10000', isAmount));
    const port = request.port ?? Number(await ask(terminal, 'Port of the dashboard', '8000', isPort));
    return { ...request, name, symbol: symbols, instrument, balance, port };
  } finally {
    terminal.close();
  }
}

/** Has no default, since nobody can guess it: with wrong steps the venue refuses orders, or a stop. */
async function askSteps(terminal: Interface, symbol: string): Promise<string> {
  const question = `Step sizes of ${symbol}, as its venue has them: tick, lot, smallest value (such as 0.01,0.001,5): `;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = await terminal.question(question);
    if (areSteps(answer)) return answer;
    terminal.write('  expected three numbers with commas\n');
  }
  throw usageFailure(
    `nobody said the step sizes of ${symbol}`,
    `look them up at the venue, then: fermata init --symbol ${symbol} --instrument ${symbol},TICK,LOT,SMALLEST`,
  );
}

async function ask(
  terminal: Interface,
  question: string,
  byDefault: string,
  isValid: (answer: string) => boolean,
): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = (await terminal.question(`${question} [${byDefault}]: `)).trim() || byDefault;
    if (isValid(answer)) {
      return answer;
    }
    terminal.write(`  expected something like ${byDefault}\n`);
  }
  return byDefault;
}
