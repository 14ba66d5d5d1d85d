import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { JournalEntry } from '../../engine/record.js';
import { deskPaths, homePaths } from '../../home/runtime.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { readJournal } from '../../trader/journal/read-journal.js';
import { CliFailure } from '../failure.js';
import { entryLine } from '../journal-text.js';
import { wholeNumber } from '../option-values.js';
import { printLines } from '../output.js';
import { desksStartedIn, fermataHome } from '../running-desk.js';

const LAST_DEFAULT = 50;
const LAST_MAX = 100_000;

interface Options {
  readonly desk?: string;
  readonly from?: number;
  readonly last: number;
  readonly json?: boolean;
  readonly verify?: boolean;
}

/** Reads the files, so that it works while the trader runs and while it doesn't. */
export function journalCommand(command: Command): void {
  command
    .option('--desk <name>', 'desk, where several were started here')
    .option('--from <sequence>', 'all entries from this sequence on', wholeNumber(1))
    .option('--last <count>', 'only the newest entries', wholeNumber(1, LAST_MAX), LAST_DEFAULT)
    .option('--verify', 'prove that the ledger in Postgres holds exactly what the journal holds')
    .option('--json', 'one JSON object a line')
    .action(async (options: Options) => {
      if (options.verify !== true) return printJournal(options);
      const { verifyJournal } = await import('../verify-journal.js');
      process.exitCode = await verifyJournal(options.json === true);
    });
}

function printJournal({ desk, from, last, json }: Options): void {
  const home = fermataHome();
  const name = desk ?? runtimeHere(home)?.desk;
  if (name === undefined) {
    throw noJournal(`no desk was ever started with FERMATA_HOME ${home}`, 'begin one with: fermata up');
  }
  const { journal } = deskPaths(homePaths(home), name);
  if (!existsSync(journal)) {
    const here = desksStartedIn(home).join(', ');
    throw noJournal(
      `--desk: expected a desk that was started with FERMATA_HOME ${home}; found ${name || 'nothing'}`,
      here === '' ? 'begin one with: fermata up' : `name one of: ${here}`,
    );
  }
  const text = json === true ? JSON.stringify : entryLine;
  const entries = readJournal(journal, from === undefined ? {} : { from });
  if (from !== undefined) {
    for (const entry of entries) {
      printLines([text(entry)]);
    }
    return;
  }
  printLines(newest(entries, last).map((entry) => text(entry)));
}

function noJournal(message: string, doThis: string): CliFailure {
  return new CliFailure(message, 'nothing was changed', doThis);
}

/** A ring of `count` entries: a long journal is never in memory as a whole. */
function newest(entries: Iterable<JournalEntry>, count: number): JournalEntry[] {
  const ring: JournalEntry[] = [];
  let seen = 0;
  for (const entry of entries) {
    ring[seen % count] = entry;
    seen += 1;
  }
  const begin = seen % count;
  return seen <= count ? ring : [...ring.slice(begin), ...ring.slice(0, begin)];
}
