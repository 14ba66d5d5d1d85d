/** The options of `up`, `validate`, `backtest` and `replay` that say where prices come from. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Desk } from '../desk/schema.js';
import { closestName } from '../desk/typed-names.js';
import type { PriceSide } from '../domain/instrument.js';
import type { MarketChoice } from '../home/runtime.js';
import { usageFailure } from './failure.js';
import { wholeNumber } from './option-values.js';

export interface MarketOptions {
  readonly data?: readonly DataFile[];
  readonly speed?: number | 'max';
  readonly seed?: number;
  readonly market?: 'auto' | 'live' | 'simulated';
  readonly exitAtEnd?: boolean;
}

export interface DataFile {
  /** Null: the desk's first instrument. */
  readonly symbol: string | null;
  readonly file: string;
  /** It has only that side's prices. */
  readonly side?: PriceSide;
}

const SPEED_MAX = 100_000;

/** `FILE` or `SYMBOL=FILE`; of bars of one side `SYMBOL:bid=FILE` or `SYMBOL:ask=FILE`. */
export function dataFile(text: string): DataFile {
  if (text.trim() === '') throw new InvalidArgumentError('expected FILE or SYMBOL=FILE');
  const [, symbol = null, side, file = text] =
    /^([A-Z0-9]+\/[A-Z0-9]+)(?::(bid|ask))?=(.+)$/.exec(text) ?? [];
  return { symbol, file: resolve(file), ...(side === 'bid' || side === 'ask' ? { side } : {}) };
}

const SEED_MAX = 4_294_967_295;

/** Where prices come from that are not recorded. */
export const sourceOptions = (command: Command): Command =>
  command
    .option('--seed <number>', 'for simulated prices', wholeNumber(0, SEED_MAX))
    .addOption(
      new Option('--market <source>', 'where prices come from without --data').choices([
        'auto',
        'live',
        'simulated',
      ]),
    );

/** `max`, `realtime`, or a factor relative to the clock. Never null, which commander would turn into ''. */
export function speedValue(text: string): number | 'max' {
  if (text === 'max') return text;
  const speed = text === 'realtime' ? 1 : /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    throw new InvalidArgumentError(`expected max, realtime, or a number above 0 and up to ${SPEED_MAX}`);
  }
  return speed;
}

/** Throws a usage failure if the options contradict each other, the desk or the disk. */
export function marketChoice(options: MarketOptions, desk: Desk): MarketChoice {
  const files = options.data ?? [];
  const kind = files.length > 0 ? 'recorded' : (options.market ?? 'auto');
  if (files.length > 0 && options.market !== undefined)
    throw usageFailure('--data and --market contradict each other', 'leave one of them out');
  if (files.length === 0 && options.exitAtEnd === true)
    throw usageFailure('--exit-at-end needs a recording', 'add --data FILE');
  if (kind === 'live' && options.speed !== undefined && options.speed !== 1) {
    throw usageFailure(
      'live prices come at the speed of the clock',
      'leave out --speed, or use --market simulated',
    );
  }
  checkFiles(files, desk);
  const speed = options.speed === 'max' ? null : options.speed;
  return { kind, files, speed, seed: options.seed, exitAtEnd: options.exitAtEnd === true };
}

function checkFiles(files: readonly DataFile[], desk: Desk): void {
  const known = desk.instruments.map((instrument) => instrument.symbol);
  const seen = new Set<string>();
  for (const { symbol, file } of files) {
    const meant = symbol ?? known[0]!;
    if (!known.includes(meant)) {
      const near = closestName(meant, known);
      throw usageFailure(
        `desk ${desk.desk} does not trade ${meant}`,
        near === null ? `use --data SYMBOL=FILE with one of: ${known.join(', ')}` : `use --data ${near}=FILE`,
      );
    }
    if (seen.has(`${meant} ${file}`)) {
      throw usageFailure(
        `${file} is given twice for ${meant}`,
        'give it once; several files of one symbol follow each other',
      );
    }
    seen.add(`${meant} ${file}`);
    if (!existsSync(file) || !statSync(file).isFile()) {
      const what = existsSync(file) ? `${file} is no file` : `there is no file ${file}`;
      throw usageFailure(what, 'check the path; the formats are in docs/DATA.md');
    }
  }
}
