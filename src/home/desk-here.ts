/** The desk as this installation runs it: the desk file, and what the environment sets above it. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnvironment } from '../desk/environment.js';
import { keepStrategyFiles } from '../desk/keep-strategies.js';
import type { LoadedDesk } from '../desk/load.js';
import { newDeskText } from '../desk/new-desk.js';
import { strategyFiles } from '../desk/own-strategies.js';
import { environmentAt } from '../venue/environment.js';
import { type KnownParts, loadDesk, parseDesk } from '../venue/load-desk.js';
import { homePaths } from './runtime.js';

/** A variable holds what can't be used; the message names it, and no secret. */
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

/**
 * Where the environment sets something else than the file (TRADING_MODE, SYMBOLS, STOP_LOSS_PCT …), the desk that runs
 * is a file of its own below `home`, so that every process reads the same. Throws `EnvironmentProblem` or
 * `DeskFileError`.
 */
export function loadDeskHere(
  file: string,
  known: KnownParts,
  env: NodeJS.ProcessEnv,
  home: string,
): LoadedDesk {
  const loaded = loadDesk(file, known);
  const { values, problems } = readEnvironment(environmentAt(loaded.desk.venue.name), env);
  if (problems.length > 0) {
    throw new EnvironmentProblem(
      ['these environment variables can’t be used:', ...problems].join('\n'),
      'put them right in .env or in the shell; every variable: .env.example',
    );
  }
  if (Object.keys(values).length === 0) return loaded;
  const made = newDeskText(loaded.text, { name: loaded.desk.desk, ...values });
  if (made.kind === 'unknownSymbols') {
    throw new EnvironmentProblem(
      `SYMBOLS: ${file} has no step sizes for ${made.symbols.join(', ')}`,
      'add these instruments to the desk file, or write one with: fermata init --instrument',
    );
  }
  const { desk, folder } = loaded;
  const run = homePaths(home).run;
  const isFolder = strategyFiles(desk).length > 0;
  const place = isFolder ? join(run, desk.desk, 'desk.yaml') : join(run, `${desk.desk}.yaml`);
  const wanted = parseDesk(place, made.text, { ...known, folder });
  if (wanted.configHash === loaded.configHash) return loaded;
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  keepStrategyFiles(dirname(place), wanted.desk);
  // Several roles may do this at once: each writes the same, in a file of its own.
  const own = `${place}.${process.pid}.new`;
  writeFileSync(own, made.text, { mode: 0o600 });
  renameSync(own, place);
  return wanted;
}
