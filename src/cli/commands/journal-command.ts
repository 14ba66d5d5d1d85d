import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { counted, placed, trimmed } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { resumedText } from '../../domain/mode.js';
import { formatMoney, type WrittenUnits } from '../../domain/money.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import { desksStartedIn } from '../../home/installation.js';
import { deskPaths, homePaths } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import { pollUntil } from '../../home/try-again.js';
import { readJournal } from '../../trader/journal/read-journal.js';
import { CliFailure, usageFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printExact, printJson, printLines, sayNothingFound } from '../output.js';
import { fermataHome, requireRuntime } from '../running-desk.js';

const LAST_DEFAULT = 50;
const LAST_MAX = 100_000;
const LEDGER_WAIT_MS = 10_000;

type LedgerProof = Awaited<ReturnType<typeof import('../../ledger/verify-ledger.js').verifyLedger>>;

interface Options {
  readonly desk?: string;
  readonly from?: number;
  readonly last?: number;
  readonly json?: boolean;
  readonly verify?: boolean;
}

/** Reads the files, so it works whether or not the trader runs. */
export function journalCommand(command: Command): void {
  command
    .option('--desk <name>', 'desk, if several were started here')
    .option('--from <sequence>', 'all entries from this sequence on', wholeNumber(1))
    .option('--last <count>', `only the newest entries (default: ${LAST_DEFAULT})`, wholeNumber(1, LAST_MAX))
    .option('--verify', 'prove that the ledger in Postgres holds exactly what the journal holds')
    .option('--json', 'one JSON object a line')
    .action(async (options: Options) => {
      if (options.from !== undefined && options.last !== undefined)
        throw usageFailure('both --from and --last are given', 'give one of them');
      if (options.verify !== true) return printJournal(options);
      process.exitCode = await verifyJournal(options.json === true);
    });
}

function printJournal({ desk, from, last = LAST_DEFAULT, json }: Options): void {
  const home = fermataHome();
  const own = runtimeHere(home)?.desk;
  const name = desk ?? own;
  if (name === undefined) {
    throw noJournal(`no desk was ever started with FERMATA_HOME ${home}`, 'begin one with: fermata up');
  }
  const { journal } = deskPaths(homePaths(home), name);
  if (!existsSync(journal)) {
    const here = desksStartedIn(home);
    if (name === own || here.includes(name)) throw noneYet(name);
    throw noJournal(
      `--desk: expected a desk that was started with FERMATA_HOME ${home}; found ${name || 'nothing'}`,
      here.length === 0 ? 'begin one with: fermata up' : `name one of: ${here.join(', ')}`,
    );
  }
  const text = json === true ? JSON.stringify : entryLine;
  if (from === undefined) {
    printExact(newest(readJournal(journal), last).map((entry) => text(entry)));
    return;
  }
  let isEmpty = true;
  for (const entry of readJournal(journal, { from })) {
    isEmpty = false;
    printExact([text(entry)]);
  }
  const [end] = isEmpty ? newest(readJournal(journal), 1) : [];
  if (end !== undefined) sayNothingFound(`the newest entry is ${end.sequence}`);
}

/** Before its first start, and after the account was reset. */
const noneYet = (desk: string): CliFailure =>
  noJournal(`desk ${desk} has no journal yet`, 'fermata up begins one');

function noJournal(message: string, doThis: string): CliFailure {
  return new CliFailure(message, 'nothing was changed', doThis);
}

/** Uses a ring of `count` entries: a long journal is never in memory as a whole. */
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

/** With all its places: an entry doesn't say whether its currency is a coin. */
const moneyText = (units: WrittenUnits): string => placed(trimmed(formatMoney(units)), null);

/** A journal entry as one line of plain words. */
function entryLine(entry: JournalEntry): string {
  const time = new Date(entry.wallMs).toISOString().slice(0, 19);
  return `${String(entry.sequence).padStart(8)}  ${time}Z  ${entry.record.type.padEnd(17)} ${recordText(entry.record)}`;
}

function recordText(record: EngineRecord): string {
  switch (record.type) {
    case 'config':
      return `desk ${record.desk}, configuration ${record.configHash.slice(0, 12)}`;
    case 'order.intended':
    case 'order.denied':
      return orderText(record);
    case 'order.state':
      return `${record.clientId} ${record.state}${record.reason === '' ? '' : `: ${record.reason}`}`;
    case 'fill':
      return `${record.fill.clientId} ${record.fill.side} ${record.fill.quantityLots} lots at ${record.fill.priceTicks} ticks`;
    case 'equity':
      return `${moneyText(record.equity)}, peak ${moneyText(record.peak)}, cash ${moneyText(record.cash)}, unrealised ${moneyText(record.unrealised)}`;
    case 'halt':
      return `${record.halt.mode} by ${record.halt.by} (${record.halt.cause}): ${record.halt.reason}`;
    case 'armed':
      return resumedText(record);
    case 'command':
      return `${record.name} by ${record.by}: ${record.detail}`;
    case 'reconciled':
      return record.clean ? 'clean' : counted(record.differences.length, 'difference');
    case 'note':
      return record.text;
    default:
      return restText(record);
  }
}

function orderText(record: Extract<EngineRecord, { type: 'order.intended' | 'order.denied' }>): string {
  const { clientId, side, quantityLots, purpose } = record.order;
  const order = `${clientId} ${side} ${quantityLots} lots (${purpose})`;
  return record.type === 'order.denied' ? `${order}: ${record.reason}` : order;
}

/** Records that people rarely read: their fields as they are. */
function restText(record: EngineRecord): string {
  return Object.entries(record)
    .filter(([key]) => key !== 'type' && key !== 'marketMs')
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

/**
 * Compares the ledger in Postgres with the journal entry by entry, and the journal with its own hash chain.
 * Returns exit code 0 if the ledger holds exactly what the journal holds. Waits for a ledger that is only
 * behind.
 */
async function verifyJournal(json: boolean): Promise<number> {
  // Imported only here: printing the journal needs no Postgres.
  const [{ openPool }, { verifyLedger }] = await Promise.all([
    import('../../store/pool.js'),
    import('../../ledger/verify-ledger.js'),
  ]);
  const home = fermataHome();
  const runtime = requireRuntime(home);
  const { journal } = deskPaths(homePaths(home), runtime.desk);
  if (!existsSync(journal)) throw noneYet(runtime.desk);
  const pool = openPool(runtime, 'verify-journal');
  try {
    const proof = await pollUntil(
      () => verifyLedger(pool, runtime.desk, journal),
      (found) => found.equal || !found.behind,
      { withinMs: LEDGER_WAIT_MS, everyMs: 200 },
    );
    if (json) printJson({ ledgerEqualsJournal: proof.equal, ...proof });
    else printLines([proofText(proof)]);
    return proof.equal ? 0 : 1;
  } catch (error) {
    throw new CliFailure(
      `the ledger could not be compared: ${messageOf(error)}`,
      'the journal was only read',
      'start the desk where Postgres is down: fermata up',
    );
  } finally {
    await pool.end();
  }
}

function proofText(proof: LedgerProof): string {
  if (proof.equal)
    return `✓ the ledger equals the journal (${counted(proof.entries, 'entry', 'entries')} of ${proof.incarnation})`;
  if (proof.behind)
    return `- the ledger is ${counted(proof.missing, 'entry', 'entries')} behind; all ${proof.entries} before are equal`;
  return `✗ the ledger differs from the journal at entry ${proof.sequence}: ${proof.why}`;
}
