import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Command } from 'commander';
import { Document } from 'yaml';
import { takeEnvironment } from '../../desk/environment-variable.js';
import { type NewDesk, type NewInstrument, newDeskText, withPackVersion } from '../../desk/new-desk.js';
import { paperTwinIn } from '../../desk/paper-twin.js';
import { DeskFileError } from '../../desk/problem.js';
import { DEFAULT_DESK, deskFolders, desksFound, resolveDesk } from '../../desk/resolve-desk.js';
import { NAME, NAME_EXPECTED, symbolIn } from '../../desk/typed-names.js';
import { DESK_CODE, editorConfig } from '../../pack/pack-folder.js';
import { ENVIRONMENT } from '../../venue/environment.js';
import { parseDesk } from '../../venue/load-desk.js';
import { CliFailure, usageFailure } from '../failure.js';
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

const isName = (answer: string): boolean => NAME.test(answer);

const areSymbols = (answer: string): boolean =>
  listOf(answer).every((one) => /^[A-Z0-9]+\/[A-Z0-9]+$/.test(one));

const areSteps = (answer: string): boolean => /^\s*[\d.]+\s*,\s*[\d.]+\s*,\s*[\d.]+\s*$/.test(answer);

const isAmount = (answer: string): boolean => /^\d{1,15}(\.\d{1,8})?$/.test(answer) && Number(answer) > 0;

const isPort = (answer: string): boolean => /^\d{1,5}$/.test(answer) && Number(answer) <= 65_535;

interface Options extends NewDeskRequest {
  readonly twinOf?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function initCommand(command: Command): void {
  command
    .option('--name <name>', 'name of the desk; its folder is desks/<name>')
    .option(
      '--like <desk>',
      'the desk to begin with: its file, strategies, checks and playbooks; the crypto desk if not given',
    )
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
    .option(
      '--twin-of <desk>',
      'the paper twin of a desk: the same desk file, strategies and limits, never real money; named <desk>-paper without --name',
    )
    .option('--live', 'real money: mode live on the exchange itself, and nothing arms by itself')
    .option('--approver <name>', 'with --live: who else approves; repeat for more', collected(personValue))
    .option('--yes', 'ask nothing: anything not given is as in the desk to begin with')
    .option('--json', 'for scripts; asks nothing')
    .action(init);
}

async function init(options: Options): Promise<void> {
  if (options.twinOf !== undefined) return sayWritten(writeTwin(options, options.twinOf), options);
  const asks =
    options.yes !== true && options.json !== true && options.from === undefined && process.stdin.isTTY;
  sayWritten(writeNewDesk(asks ? await askForDesk(options) : options, process.cwd()), options);
}

function sayWritten(written: WrittenDesk, { json }: Options): void {
  if (json === true) {
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

/** The questions of `fermata init`. An empty answer takes the default in brackets, if there is one. */
export async function askForDesk(
  request: NewDeskRequest,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stdout,
): Promise<NewDeskRequest> {
  const terminal = createInterface({ input, output });
  try {
    const name =
      request.name ??
      (await ask(terminal, 'Name of the desk', NEW_DESK_NAME, isName, 'fermata init --name NAME'));
    const traded = request.like === undefined ? await askForInstruments(request, terminal) : {};
    const balance =
      request.balance ??
      (await ask(terminal, 'Paper money', '10000', isAmount, 'fermata init --balance AMOUNT'));
    const port =
      request.port ??
      Number(await ask(terminal, 'Port of the dashboard', '8000', isPort, 'fermata init --port PORT'));
    return { ...request, name, ...traded, balance, port };
  } finally {
    terminal.close();
  }
}

async function askForInstruments(
  request: NewDeskRequest,
  terminal: Interface,
): Promise<Required<Pick<NewDeskRequest, 'symbol' | 'instrument'>>> {
  const symbol =
    request.symbol ??
    listOf(
      await ask(
        terminal,
        'What is traded, with commas',
        KNOWN_SYMBOLS.join(','),
        areSymbols,
        'fermata init --symbol SYMBOL',
      ),
    );
  const unknown = symbol.filter((one) => !KNOWN_SYMBOLS.includes(one));
  const instrument = [...(request.instrument ?? [])];
  for (const one of unknown.filter((name) => !instrument.some((known) => known.symbol === name))) {
    const steps = await askSteps(terminal, one);
    instrument.push(instrumentValue(`${one},${steps.replaceAll(' ', '')}`));
  }
  return { symbol, instrument };
}

/** Has no default, since nobody can guess it: with wrong steps the venue refuses orders, or even a stop. */
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

/** `command`: what answers the question beforehand. */
async function ask(
  terminal: Interface,
  question: string,
  byDefault: string,
  isValid: (answer: string) => boolean,
  command: string,
): Promise<string> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = (await terminal.question(`${question} [${byDefault}]: `)).trim() || byDefault;
    if (isValid(answer)) return answer;
    terminal.write(`  expected something like ${byDefault}\n`);
  }
  // Somebody who typed five other answers does not want the default.
  throw usageFailure(`no answer to “${question}” could be used`, `write it: ${command}`);
}

/** As given by the options of `init`. */
interface NewDeskRequest {
  readonly name?: string;
  readonly like?: string;
  readonly from?: string;
  readonly symbol?: readonly string[];
  readonly instrument?: readonly NewInstrument[];
  readonly balance?: string;
  readonly port?: number;
  readonly maxPositionPct?: number;
  readonly live?: boolean;
  readonly approver?: readonly string[];
}

interface WrittenDesk {
  readonly desk: string;
  readonly file: string;
  /** What was not taken over from an environment file, and where it belongs. */
  readonly notes: readonly string[];
}

const NEW_DESK_NAME = 'my-desk';

/**
 * `fermata init` without its questions: builds the text, checks it like any desk file, and writes it once.
 * Throws `CliFailure` or `DeskFileError`; then nothing was written.
 */
export function writeNewDesk(request: NewDeskRequest, workingFolder: string): WrittenDesk {
  const name = request.name ?? NEW_DESK_NAME;
  const folder = join(workingFolder, 'desks', name);
  const file = join(folder, 'desk.yaml');
  refuseName(name);
  if (request.approver !== undefined && request.live !== true)
    throw usageFailure('--approver is about real money', 'add --live, or leave it out');
  if (request.live === true && (request.approver ?? []).length === 0) {
    throw usageFailure(
      '--live: two people decide about real money, and operator is one',
      'name the others: --approver NAME',
    );
  }
  const like = templateOf(request);
  const code = codeBeside(like);
  const there = [file, `${folder}.yaml`, ...code.map((one) => join(folder, one))].find((one) =>
    existsSync(one),
  );
  if (there !== undefined) throw alreadyThere(there);
  const taken = request.from === undefined ? { values: {}, notes: [] } : fromEnvironment(request.from);
  const text = textOf(like, { name, ...taken.values, ...given(request) });
  const isNew = !existsSync(folder);
  mkdirSync(folder, { recursive: true });
  try {
    // First: the desk file is checked together with the code that it names.
    for (const one of code) cpSync(join(dirname(like), one), join(folder, one), { recursive: true });
    parseDesk(file, text);
    writeOnce(file, text);
  } catch (error) {
    for (const one of isNew ? [''] : code) rmSync(join(folder, one), { recursive: true, force: true });
    throw error;
  }
  copySchema(dirname(folder));
  writeEditorConfig(folder);
  return { desk: name, file, notes: taken.notes };
}

/** Its file. Another desk's instruments are not only symbols and steps, and its parameters are not the crypto bot's. */
function templateOf({ like, symbol, instrument, from }: NewDeskRequest): string {
  if (like === undefined) return resolveDesk(DEFAULT_DESK);
  const unfit = Object.entries({ symbol, instrument, from }).find(([, value]) => value !== undefined)?.[0];
  if (unfit !== undefined)
    throw usageFailure(
      `--like takes everything from ${like}, and --${unfit} is for a desk like ${DEFAULT_DESK}`,
      'leave it out, and change the new desk file',
    );
  const file = resolveDesk(like, undefined, (near) => `use --like ${near}`);
  if (paperTwinIn(file, readFileSync(file, 'utf8')) !== null)
    throw usageFailure(
      `--like: ${like} is a paper twin, whose file is another desk's`,
      'name the desk that it is a twin of',
    );
  return file;
}

/** What a desk's folder has besides its file. A desk that is a single file has nothing. */
const codeBeside = (deskFile: string): readonly string[] =>
  basename(deskFile) === 'desk.yaml'
    ? DESK_CODE.filter((one) => existsSync(join(dirname(deskFile), one)))
    : [];

/**
 * Writes two lines, and the only values that may differ. Throws `CliFailure` or `DeskFileError`; then nothing
 * was written.
 */
function writeTwin(
  { name, balance, port, yes: _yes, json: _json, ...others }: Options,
  twinOf: string,
): WrittenDesk {
  const { twinOf: _twinOf, ...unfit } = others;
  const [option] = Object.keys(unfit);
  if (option !== undefined)
    throw usageFailure(
      `--twin-of takes everything from ${twinOf}, and --${option.replaceAll(/[A-Z]/g, (at) => `-${at.toLowerCase()}`)} would make it another desk`,
      'leave it out; a twin may have --name, --balance and --port of its own',
    );
  const desk = name ?? `${twinOf}-paper`;
  refuseName(desk);
  const known = desksFound().find((one) => one.name === desk);
  if (known !== undefined) throw alreadyThere(known.file);
  const folder = join(process.cwd(), 'desks', desk);
  const file = join(folder, 'desk.yaml');
  const text = String(
    new Document({
      ...{ desk, twinOf },
      ...(balance === undefined ? {} : { paper: { balance } }),
      ...(port === undefined ? {} : { api: { port } }),
    }),
  );
  refuseUnfitTwin(file, text);
  mkdirSync(folder, { recursive: true });
  writeOnce(file, text);
  return { desk, file, notes: [] };
}

/** Names the option that was typed: the file doesn't exist yet, so none of its lines can be named. */
function refuseUnfitTwin(file: string, text: string): void {
  try {
    if (paperTwinIn(file, text) === null) throw new Error(`${file} would be no twin`);
  } catch (error) {
    const [problem] = error instanceof DeskFileError && error.file === file ? error.problems : [];
    if (problem?.key !== 'twinOf') throw error;
    throw new CliFailure(
      `--twin-of: expected ${problem.expected}; found ${problem.found}`,
      'nothing was written',
      problem.doThis.replace('twinOf: ', '--twin-of '),
    );
  }
}

function refuseName(name: string): void {
  if (!isName(name)) throw usageFailure(`${name} is no name for a desk`, `use ${NAME_EXPECTED}`);
}

function fromEnvironment(file: string): { values: Partial<NewDesk>; notes: readonly string[] } {
  if (!existsSync(file)) {
    throw usageFailure(
      `there is no file ${file}`,
      'give the path of an environment file: fermata init --from .env',
    );
  }
  const { values, notes, problems } = takeEnvironment(ENVIRONMENT, readFileSync(file, 'utf8'));
  if (problems.length > 0) {
    throw new CliFailure(
      [`${file} can't be taken over`, ...problems].join('\n'),
      'no desk file was written',
      'put these values right in the environment file, or give them as options',
    );
  }
  return { values, notes };
}

/** Options win over the environment file; an absent option must not overwrite it. */
function given(request: NewDeskRequest): Partial<NewDesk> {
  const named = request.symbol ?? request.instrument?.map((instrument) => instrument.symbol);
  return {
    ...(named === undefined ? {} : { symbols: named }),
    ...(request.instrument === undefined ? {} : { instruments: request.instrument }),
    ...(request.balance === undefined ? {} : { balance: request.balance }),
    // Whatever desk it is like: real money only if asked for.
    ...(request.live === true ? { live: { approvers: request.approver ?? [] } } : { mode: 'paper' as const }),
    ...(request.port === undefined ? {} : { port: request.port }),
    ...(request.maxPositionPct === undefined ? {} : { maxPositionSizePct: request.maxPositionPct }),
  };
}

function textOf(template: string, wanted: NewDesk): string {
  const made = newDeskText(readFileSync(template, 'utf8'), wanted);
  if (made.kind === 'text') return withPackVersion(made.text);
  const example = made.symbols.map((symbol) => `--instrument ${symbol},TICK,LOT,MIN`).join(' ');
  throw usageFailure(
    `the step sizes of ${made.symbols.join(', ')} are not known`,
    `take them from the venue and add: ${example}`,
  );
}

function writeOnce(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(file) : error;
  }
}

function alreadyThere(file: string): CliFailure {
  return new CliFailure(`${file} exists already`, 'it was not touched', 'choose another name with --name');
}

/** Tells editors what the folder's code may import. */
function writeEditorConfig(folder: string): void {
  const file = join(folder, 'tsconfig.json');
  if (!existsSync(file)) writeFileSync(file, editorConfig(folder));
}

/** Copies the schema to where editors find it, next to the desk's folder. */
function copySchema(folder: string): void {
  const beside = join(folder, 'schema.json');
  const shipped = deskFolders()
    .map((candidate) => join(candidate, 'schema.json'))
    .find((candidate) => existsSync(candidate));
  if (shipped !== undefined && !existsSync(beside)) copyFileSync(shipped, beside);
}
