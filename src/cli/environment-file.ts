/** `.env` of the working folder, and the desk as the environment wants it. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEnvironment } from '../desk/environment.js';
import { type LoadedDesk, type LoadOptions, loadDesk, parseDesk } from '../desk/load.js';
import { newDeskText } from '../desk/new-desk.js';
import { homePaths } from '../home/runtime.js';
import { CliFailure } from './failure.js';

/** What the shell has set already stands. */
export function readEnvironmentFile(workingFolder: string): void {
  const file = join(workingFolder, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/**
 * The desk file with what the environment sets above it (TRADING_MODE, SYMBOLS, STOP_LOSS_PCT …). Where that differs,
 * the desk that runs is a file of its own below `home`, so that every process reads the same. Throws `CliFailure` with
 * the variable's name, or `DeskFileError`.
 */
export function loadDeskHere(
  file: string,
  options: LoadOptions,
  env: NodeJS.ProcessEnv,
  home: string,
): LoadedDesk {
  const { values, problems } = readEnvironment(env);
  if (problems.length > 0) {
    throw new CliFailure(
      ['these environment variables can’t be used:', ...problems].join('\n'),
      'nothing was started',
      'put them right in .env or in the shell; every variable: .env.example',
    );
  }
  const loaded = loadDesk(file, options);
  if (Object.keys(values).length === 0) return loaded;
  const made = newDeskText(loaded.text, { name: loaded.desk.desk, ...values });
  if (made.kind === 'unknownSymbols') {
    throw new CliFailure(
      `SYMBOLS: ${file} has no step sizes for ${made.symbols.join(', ')}`,
      'nothing was started',
      'add these instruments to the desk file, or write one with: fermata init --instrument',
    );
  }
  const place = join(homePaths(home).run, `${loaded.desk.desk}.yaml`);
  const wanted = parseDesk(place, made.text, options);
  if (wanted.configHash === loaded.configHash) return loaded;
  mkdirSync(homePaths(home).run, { recursive: true, mode: 0o700 });
  writeFileSync(`${place}.new`, made.text, { mode: 0o600 });
  renameSync(`${place}.new`, place);
  return wanted;
}
