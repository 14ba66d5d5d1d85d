/** What a desk keeps for reading: its trading journal and its setups. */

import type { Command } from 'commander';
import type { JournalDay, SetupShown } from '../../contracts/published.js';
import { grouped } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { figuresText, NOTE_CHARACTERS_MAX } from '../../store/trading-journal.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure, usageFailure } from '../failure.js';
import { textOf, wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const DAYS_DEFAULT = 10;
const DAYS_MAX = 1_000;

interface Options {
  readonly days: number;
  readonly note?: string;
  readonly date?: string;
  readonly as?: string;
  readonly json?: boolean;
}

export function tradingJournalCommand(command: Command): void {
  command
    .option('--days <count>', 'the newest days that have an entry', wholeNumber(1, DAYS_MAX), DAYS_DEFAULT)
    .option('--note <text>', 'add this note to the day', textOf(NOTE_CHARACTERS_MAX))
    .option('--date <date>', 'with --note: on this day of the desk, such as 2026-10-01; left out: today')
    .option('--as <person>', 'with --note: who writes it, the signed-in person')
    .option('--json', 'for scripts')
    .action(async (options: Options) => {
      const { note, date, as, days, json } = options;
      if (note !== undefined) return addNote(note, options);
      if (date !== undefined || as !== undefined)
        throw usageFailure('--date and --as go with --note', 'say what is to be noted with --note');
      const journal = await withOperations((operations) => operations.readTradingJournal(days));
      if (json === true) printJson(journal);
      else printLines(journal.length === 0 ? ['no day has an entry yet'] : journal.flatMap(dayLines));
    });
}

async function addNote(text: string, { date, as, json }: Options): Promise<void> {
  const noted = await withOperations((operations, runtime) =>
    operations.noteInJournal(
      { person: signedInPerson(runtime, MAY_DO_TASKS, as), via: 'cli' },
      { text, date },
    ),
  );
  if (!noted.ok) throw new CliFailure(noted.detail, 'nothing was changed', 'name a day that has begun');
  if (json === true) printJson(noted);
  else printLines([`✓ noted on ${noted.date}`]);
}

export function dayLines({ date, figures, positions, notes }: JournalDay): string[] {
  return [
    `${date}  ${figures === null ? 'no figures yet' : figuresText(figures)}`,
    ...positions.map(({ text }) => `            ${text}`),
    ...notes.map(({ person, text, writtenMs }) => `            ${person}, ${moment(writtenMs)}: ${text}`),
  ];
}

const SETUPS_DEFAULT = 10;
const SETUPS_MAX = 1_000;

interface SetupsOptions {
  readonly open?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export function setupsCommand(command: Command): void {
  command
    .option('--open', 'only those still followed')
    .option('--limit <count>', 'only the newest', wholeNumber(1, SETUPS_MAX), SETUPS_DEFAULT)
    .option('--json', 'for scripts')
    .action(async ({ open = false, limit, json }: SetupsOptions) => {
      const setups = await withOperations((operations) => operations.listSetups({ open, limit }));
      if (json === true) printJson(setups);
      else printLines(setupsLines(setups, open));
    });
}

export function setupsLines(setups: readonly SetupShown[], open: boolean): string[] {
  if (setups.length === 0) return [open ? 'no setup is open' : 'no setup so far'];
  return setups.flatMap(setupLines);
}

function setupLines({ id, symbol, strategy, state, begunMs, prices, last }: SetupShown): string[] {
  const levels =
    prices === null
      ? 'no prices yet'
      : `entry ${grouped(prices.entry)}, stop ${grouped(prices.stop)}, target ${grouped(prices.target)}`;
  return [
    `${id}  ${(state ?? 'state not known').padEnd(16)} ${moment(begunMs)}  ${symbol ?? strategy}: ${levels}`,
    `          ${last}`,
  ];
}
