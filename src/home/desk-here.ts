/** The desk as this installation runs it: the desk file, overridden by the environment. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnvironment, readParameterVariables } from '../desk/environment-variable.js';
import type { LoadedDesk } from '../desk/load.js';
import { newDeskText } from '../desk/new-desk.js';
import { keepOwnFiles, ownFiles } from '../desk/own-strategies.js';
import { type CompanionQuestion, companionOf, ENVIRONMENT, environmentAt } from '../venue/environment.js';
import { type KnownParts, loadDesk, parseDesk } from '../venue/load-desk.js';
import { homePaths } from './runtime.js';

/** A variable holds an unusable value. The message names the variable, and contains no secret. */
export class EnvironmentProblem extends Error {
  override readonly name = 'EnvironmentProblem';
  readonly keptSafe = 'nothing was started';

  constructor(
    message: string,
    readonly doThis: string,
  ) {
    super(message);
  }
}

interface DeskHere {
  readonly wanted: LoadedDesk;
  /** The text of the desk's own file. Null: it needs none. */
  readonly text: string | null;
}

/** Reads the desk and writes its own file. Throws `EnvironmentProblem` or `DeskFileError`. */
export function loadDeskHere(
  file: string,
  known: KnownParts,
  env: NodeJS.ProcessEnv,
  home: string,
): LoadedDesk {
  const here = readDeskHere(file, known, env, home);
  writeDeskHere(here);
  return here.wanted;
}

/**
 * If the environment overrides the desk file, writes the resulting desk to its own file, so that every
 * process reads the same desk. Only for whoever starts the desk: one that runs has that file already.
 */
export function writeDeskHere({ wanted: { file: place, desk }, text }: DeskHere): void {
  if (text === null) return;
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  keepOwnFiles(dirname(place), desk);
  // Several roles may do this at once: each first writes the same text to its own file.
  const own = `${place}.${process.pid}.new`;
  writeFileSync(own, text, { mode: 0o600 });
  renameSync(own, place);
}

function unusable(problems: readonly string[]): EnvironmentProblem {
  return new EnvironmentProblem(
    ['these environment variables can’t be used:', ...problems].join('\n'),
    'put them right in .env or in the shell; every variable: .env.example',
  );
}

/**
 * As `companionOf`, for whoever starts the desk: with a simulator or other prices in its place, no program is run that
 * could be refused. Throws `EnvironmentProblem`.
 */
export function companionHere(question: CompanionQuestion): ReturnType<typeof companionOf> {
  try {
    return companionOf(question);
  } catch (error) {
    throw error instanceof RangeError ? unusable([error.message]) : error;
  }
}

/**
 * The desk file as the environment overrides it (TRADING_MODE, SYMBOLS, STOP_LOSS_PCT …): its own file is
 * named after it below `home`. Writes nothing. Throws `EnvironmentProblem` or `DeskFileError`.
 */
export function readDeskHere(
  file: string,
  known: KnownParts,
  env: NodeJS.ProcessEnv,
  home: string,
): DeskHere {
  const loaded = loadDesk(file, known);
  const { values: given, ...read } = readEnvironment(environmentAt(loaded.desk.venue.name), env);
  // The variables that make its desk trade real money don't apply to a twin, which stays on paper.
  const { mode, ...others } = given;
  const values = loaded.desk.twinOf === undefined ? given : others;
  const { parameters, ...readOfStrategies } = readParameterVariables(
    ENVIRONMENT,
    loaded.desk.strategies,
    env,
  );
  const problems = [...read.problems, ...readOfStrategies.problems];
  if (problems.length > 0) throw unusable(problems);
  if (Object.keys(values).length + parameters.length === 0) return { wanted: loaded, text: null };
  const made = newDeskText(loaded.text, { name: loaded.desk.desk, ...values, parameters });
  if (made.kind === 'unknownSymbols') {
    throw new EnvironmentProblem(
      `SYMBOLS: ${file} has no step sizes for ${made.symbols.join(', ')}`,
      'add these instruments to the desk file, or write one with: fermata init --instrument',
    );
  }
  const { desk, folder } = loaded;
  const run = homePaths(home).run;
  const isFolder = ownFiles(desk).length > 0;
  const place = isFolder ? join(run, desk.desk, 'desk.yaml') : join(run, `${desk.desk}.yaml`);
  const wanted = parseDesk(place, made.text, { ...known, folder });
  return wanted.configHash === loaded.configHash
    ? { wanted: loaded, text: null }
    : { wanted: { ...wanted, writtenFile: file }, text: made.text };
}
