/**
 * Watches the trader from outside: reads the venue's own book and prices every few seconds, and stops the desk if
 * they can't be right.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { deskEnvironment } from '../desk/desk-environment.js';
import { notTheDesks, ordersLeave } from '../desk/desk-venue.js';
import type { Desk } from '../desk/schema.js';
import { scalesFor, stepsOf } from '../domain/book-steps.js';
import type { Instrument } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import { readUnits, type WrittenUnits } from '../domain/money.js';
import { keepLastAudit, type LastAudit, readLastAudit } from '../home/last-audit.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { connectTrader } from '../trader/client.js';
import { buildInstruments, monthsTold } from '../trader/engine-config.js';
import { openLog } from '../trader/log.js';
import { credentialNames } from '../venue/environment.js';
import { loadDesk } from '../venue/load-desk.js';
import { bookAsWritten, bySymbol, type PaperBook } from '../venue/paper/book.js';
import { BOOK_FILE } from '../venue/paper/book-file.js';
import type { BookRecord } from '../venue/paper/book-record.js';
import type { BookReading } from '../venue/port.js';
import type { VenueEndpoint } from '../venue/prices.js';
import { tradedVenue } from '../venue/registry.js';
import { type AuditParts, createAudit } from './create-audit.js';
import { ownPrices } from './own-equity.js';

const LOOK_EVERY_MS = 3_000;

export async function startAuditor(runtime: Runtime): Promise<Role> {
  const log = openLog('auditor');
  const { desk } = loadDesk(runtime.deskFile);
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const trader = connectTrader(paths.controlSocket);
  const instruments = buildInstruments(desk);
  const endpoint = ordersLeave(desk)
    ? tradedVenue(desk.venue.name).live.endpoint(desk, runtime.simulatedVenue)
    : null;
  let lastMissing = '';
  let last: LastAudit = { atMs: readLastAudit(runtime.home)?.atMs ?? null, problem: null };
  keepLastAudit(runtime.home, last);
  const readPrices = ownPrices(
    desk,
    instruments,
    endpoint && { venue: desk.venue.name, endpoint },
    runtime.simulatedFeeds,
  );
  const audit = createAudit({
    trader,
    instruments,
    risk: desk.risk,
    readBook:
      endpoint === null ? () => readPaperBook(paths.paperBook, instruments) : accountReader(endpoint, desk),
    readPrices: async (marketData) => {
      const prices = await readPrices(marketData);
      lastMissing = '';
      return prices;
    },
    onPricesMissing: (why) => {
      if (why !== lastMissing) log('warn', `equity and limits could not be looked at: ${why}`);
      lastMissing = why;
    },
    onCompleted: () => {
      last = { atMs: Date.now(), problem: null };
    },
  });

  let running: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    try {
      const halted = await audit();
      if (halted !== null) log('error', `halted: ${halted}`);
      last = { ...last, problem: null };
    } catch (error) {
      // No reason to stop the desk: a trader that does not answer is the supervisor's business, and the next audit
      // reads the book again. The operations worker tells people when none is completed for long.
      const problem = messageOf(error);
      if (problem !== last.problem) log('warn', `nothing could be compared: ${problem}`);
      last = { ...last, problem };
    } finally {
      keepLastAudit(runtime.home, last);
      running = null;
    }
  };
  const timer = setInterval(() => {
    // An audit may take longer than the interval: the ticks meanwhile are skipped.
    running ??= look();
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      trader.close();
    },
  };
}

/**
 * Uses the auditor's own read-only key if there is one, otherwise the trader's key if this process has it.
 */
export function accountReader(endpoint: VenueEndpoint, desk: Desk): AuditParts['readBook'] {
  const { live } = tradedVenue(desk.venue.name);
  const signedIn = live.signInToRead(deskEnvironment());
  if (signedIn.ok) {
    const { access } = signedIn;
    const foreign = notTheDesks(desk);
    return (status) =>
      access.bookReader({ endpoint, instruments: buildInstruments(desk, monthsTold(status)), foreign })();
  }
  const own = credentialNames(live, 'auditor').join(' and ');
  const needed = own === '' ? 'that is put right' : `${own} hold a read-only key`;
  throw new Error(
    `the auditor can't read the account: ${signedIn.problem}. Nobody watches it from outside until ${needed} (${live.page}).`,
  );
}

const LINE = /^([0-9a-f]{8}) (\d+) (.*)$/;

/**
 * The paper venue's own book, read from its file while the venue writes to it. Nothing is cut off or repaired here:
 * the venue does that at its next start. Null if there is no book yet. Throws if the book does not begin with its
 * state.
 */
export function readPaperBook(directory: string, instruments: readonly Instrument[]): BookReading | null {
  const today = bySymbol(instruments);
  const lines = textOf(join(directory, BOOK_FILE)).split('\n');
  let written: PaperBook | null = null;
  let lastNumber = -1;
  for (const line of lines) {
    const entry = decode(line);
    // A line still being written ends what can be read now.
    if (entry === null) break;
    if (entry.record.type === 'state') {
      written = bookAsWritten(entry.record.state, today);
    } else if (written === null) {
      throw new Error('the paper book does not begin with its state');
    } else if (entry.number > lastNumber) {
      written.apply(entry.record);
    }
    lastNumber = Math.max(lastNumber, entry.number);
  }
  if (written === null) return null;
  const book = written.under(today);
  const open = [...book.positions].filter(([, { quantityLots }]) => quantityLots !== 0);
  const { instruments: known, positions } = book;
  return {
    cash: book.cash,
    positions: new Map(open.map(([symbol, { quantityLots }]) => [symbol, quantityLots])),
    costs: new Map(open.map(([symbol, { cost }]) => [symbol, Number(cost)])),
    dustLots: new Map(
      [...positions].flatMap(([symbol, { remainder }]) => {
        const instrument = known.get(symbol);
        if (remainder === undefined || instrument === undefined) return [];
        return [[symbol, partOfLot(instrument, remainder)]];
      }),
    ),
  };
}

/** `remainder`, the coins below a lot left by a fee, as a fraction of a lot. */
function partOfLot(instrument: Instrument, remainder: WrittenUnits): number {
  const { perLot } = stepsOf(instrument, scalesFor([instrument], new Map()));
  return Number(readUnits(remainder)) / Number(perLot);
}

function decode(line: string): { number: number; record: BookRecord } | null {
  const [, sum, number, json] = LINE.exec(line) ?? [];
  if (sum === undefined || number === undefined || json === undefined) return null;
  if (crc32(`${number} ${json}`) !== Number.parseInt(sum, 16)) return null;
  return { number: Number(number), record: JSON.parse(json) as BookRecord };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
