/** `fermata init` without its questions: builds the text, checks it like any desk file, writes it once. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { takeEnvironment } from '../desk/environment.js';
import { type NewDesk, type NewInstrument, newDeskText, withPackVersion } from '../desk/new-desk.js';
import { DEFAULT_DESK, deskFolders, resolveDesk } from '../desk/resolve-desk.js';
import { editorConfig } from '../pack/editor-config.js';
import { ENVIRONMENT } from '../venue/environment.js';
import { parseDesk } from '../venue/load-desk.js';
import { CliFailure, usageFailure } from './failure.js';

/** As the options of `init` give it. */
export interface NewDeskRequest {
  readonly name?: string;
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

export const NEW_DESK_NAME = 'my-desk';

/** Throws `CliFailure` or `DeskFileError`; then nothing was written. */
export function writeNewDesk(request: NewDeskRequest, workingFolder: string): WrittenDesk {
  const name = request.name ?? NEW_DESK_NAME;
  const folder = join(workingFolder, 'desks', name);
  const file = join(folder, 'desk.yaml');
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw usageFailure(`${name} is no name for a desk`, 'use 1 to 40 lower case letters, digits and dashes');
  }
  if (request.approver !== undefined && request.live !== true) {
    throw usageFailure('--approver is about real money', 'add --live, or leave it out');
  }
  const there = [file, `${folder}.yaml`].find((one) => existsSync(one));
  if (there !== undefined) {
    throw alreadyThere(there);
  }
  const taken = request.from === undefined ? { values: {}, notes: [] } : fromEnvironment(request.from);
  const text = textOf({ name, ...taken.values, ...given(request) });
  parseDesk(file, text);
  mkdirSync(folder, { recursive: true });
  writeOnce(file, text);
  copySchema(dirname(folder));
  writeEditorConfig(folder);
  return { desk: name, file, notes: taken.notes };
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
    ...(request.live === true ? { live: { approvers: request.approver ?? [] } } : {}),
    ...(request.port === undefined ? {} : { port: request.port }),
    ...(request.maxPositionPct === undefined ? {} : { maxPositionSizePct: request.maxPositionPct }),
  };
}

function textOf(wanted: NewDesk): string {
  const made = newDeskText(readFileSync(resolveDesk(DEFAULT_DESK), 'utf8'), wanted);
  if (made.kind === 'text') {
    return withPackVersion(made.text);
  }
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

/** Tells editors what code of the folder may import. */
function writeEditorConfig(folder: string): void {
  const file = join(folder, 'tsconfig.json');
  if (!existsSync(file)) writeFileSync(file, editorConfig(folder));
}

/** Copies the schema to where editors find it, beside the desk's folder. */
function copySchema(folder: string): void {
  const beside = join(folder, 'schema.json');
  const shipped = deskFolders()
    .map((candidate) => join(candidate, 'schema.json'))
    .find((candidate) => existsSync(candidate));
  if (shipped !== undefined && !existsSync(beside)) {
    copyFileSync(shipped, beside);
  }
}
