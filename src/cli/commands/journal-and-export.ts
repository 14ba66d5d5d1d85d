/** What a desk keeps: its trading journal and its setups for reading, tables as CSV, evidence and its proof. */

import { once } from 'node:events';
import { Argument, type Command } from 'commander';
import type { JournalDay, SetupShown } from '../../contracts/published.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { grouped } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { MAY_DO_TASKS } from '../../domain/people-roles.js';
import { plainText } from '../../domain/plain-text.js';
import { EXPORT_KINDS, type ExportKind } from '../../operations/export-records.js';
import { figuresText, NOTE_CHARACTERS_MAX } from '../../store/trading-journal-rows.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { dayText, dayValue, textOf, wholeNumber } from '../option-values.js';
import { printExact, printJson, printLines, sayNothingFound } from '../output.js';
import { withOperations } from '../running-desk.js';

const DAYS_DEFAULT = 10;
const DAYS_MAX = 1_000;

interface JournalOptions {
  readonly days: number;
  readonly note?: string;
  readonly date?: number;
  readonly as?: string;
  readonly json?: boolean;
}

export function tradingJournalCommand(command: Command): void {
  command
    .option('--days <count>', 'the newest days that have an entry', wholeNumber(1, DAYS_MAX), DAYS_DEFAULT)
    .option('--note <text>', 'add this note to the day', textOf(NOTE_CHARACTERS_MAX))
    .option(
      '--date <date>',
      'with --note: on this day of the desk, such as 2026-10-01; left out: today',
      dayValue,
    )
    .option('--as <person>', 'with --note: who writes it, the signed-in person')
    .option('--json', 'for scripts')
    .action(async (options: JournalOptions) => {
      const { note, date, as, days, json } = options;
      if (note !== undefined) return addNote(note, options);
      if (date !== undefined || as !== undefined)
        throw usageFailure('--date and --as go with --note', 'say what is to be noted with --note');
      const journal = await withOperations((operations) => operations.readTradingJournal(days));
      if (json === true) printJson(journal);
      else printLines(journal.length === 0 ? ['no day has an entry yet'] : journal.flatMap(dayLines));
    });
}

async function addNote(text: string, { date, as, json }: JournalOptions): Promise<void> {
  const noted = await withOperations((operations, runtime) =>
    operations.noteInJournal(
      { person: signedInPerson(runtime, MAY_DO_TASKS, as), via: 'cli' },
      { text, date: date === undefined ? undefined : dayText(date) },
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

interface ExportOptions {
  readonly from?: number;
  readonly to?: number;
}

/** Writes to standard output, so that the shell can send it anywhere. */
export function exportCommand(command: Command): void {
  command
    .addArgument(new Argument('<what>', 'what to write').choices(EXPORT_KINDS))
    .option('--csv', 'comma-separated values: the only form, and the default')
    .option('--from <date>', 'first day, UTC, like 2026-10-01', dayValue)
    .option('--to <date>', 'last day, UTC', dayValue)
    .action(async (kind: ExportKind, { from, to }: ExportOptions) => {
      if (from !== undefined && to !== undefined && to < from)
        throw usageFailure('--to lies before --from', 'write the earlier day first');
      const untilMs = to === undefined ? null : to + DAY_MS;
      let hasRows = false;
      await withOperations(async (operations) => {
        for await (const text of operations.exportRecords(null, { kind, fromMs: from ?? null, untilMs })) {
          // The first piece begins with the header, in one line.
          hasRows ||= text.trimEnd().includes('\n');
          if (!process.stdout.write(text)) await once(process.stdout, 'drain');
        }
      });
      if (!hasRows) sayNothingFound(nothingText(kind, from === undefined && to === undefined));
    });
}

function nothingText(kind: ExportKind, isWhole: boolean): string {
  if (isWhole) return `there are no ${kind} so far`;
  return `no ${kind} are of these days, which are those of ${kind === 'audit' ? 'this machine' : 'the market'}`;
}

export function evidenceCommand(command: Command): void {
  command
    .command('verify')
    .description('walk the hash chain over all evidence and name the first piece that does not fit')
    .option('--json', 'for scripts')
    .action(async ({ json }: { json?: boolean }) => {
      const proof = await withOperations((operations) => operations.verifyEvidence());
      if (json === true) printJson(proof);
      else {
        printLines([
          proof.ok
            ? `✓ ${proof.count} pieces of evidence are what was recorded, head ${proof.head}`
            : `✗ evidence ${proof.brokenId}: ${proof.why}; the ${proof.count} before it are what was recorded`,
        ]);
      }
      process.exitCode = proof.ok ? EXIT_OK : EXIT_FAILED;
    });
  command
    .command('output')
    .description('the answer that a routine got from a program or an address, as stored')
    .argument('<id>', 'number of the output, as the step names it')
    .option('--json', 'for scripts')
    .action(async (id: string, { json }: { json?: boolean }) => {
      await showOutput(id, json === true);
    });
}

async function showOutput(idText: string, json: boolean): Promise<void> {
  const id = /^\d{1,15}$/.test(idText) ? Number(idText) : 0;
  const lookItUp = 'take the number from the step that says "kept as output …"';
  if (id === 0) throw usageFailure(`<id>: expected the number of an output; found ${idText}`, lookItUp);
  const kept = await withOperations((operations) => operations.readStepOutput(id));
  if (kept === null) throw new CliFailure(`there is no output ${id}`, 'nothing was changed', lookItUp);
  if (json) printJson(kept);
  // The output may contain terminal control sequences.
  else printExact([plainText(kept.output), ...(kept.cut ? ['… (there was more, which was not kept)'] : [])]);
  process.exitCode = kept.isAsRecorded ? EXIT_OK : EXIT_FAILED;
  if (!kept.isAsRecorded) process.stderr.write(`✗ output ${id} is not what was recorded\n`);
}
