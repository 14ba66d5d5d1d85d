import type { Command } from 'commander';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import type { Desk } from '../../desk/schema.js';
import { counted, grouped, lasted } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import { readDeskHere } from '../../home/desk-here.js';
import { homePaths } from '../../home/runtime.js';
import { dataKey, ensureDataKey } from '../../home/secrets.js';
import { runtimeHere, startedHomes } from '../../home/started-desks.js';
import type { FetchedMonth, FetchRequest } from '../../market/fetched/fetch-minutes.js';
import {
  bytesOf,
  type FetchedFile,
  fetchedFiles,
  filesBySource,
  gapsIn,
  type MinutesSource,
  minutesSource,
  problemsIn,
} from '../../market/fetched/fetched-files.js';
import type { Span } from '../../market/fetched/minutes-file.js';
import type { RecordingRead } from '../../market/recorded/check-recording.js';
import type { DataGaps } from '../../operations/find-data-gaps.js';
import { buildCalendars, buildInstruments } from '../../trader/engine-config.js';
import { loadDesk } from '../../venue/load-desk.js';
import { priceSourceOf } from '../../venue/registry.js';
import { EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import {
  type DataFile,
  dataFile,
  marketChoice,
  type SimulatedVenue,
  simulatedVenueValue,
  simulatorStartedWith,
  venueAddress,
} from '../market-choice.js';
import { namedDeskFile } from '../named-desk.js';
import { collected, dayText, dayValue, instrumentName, positiveNumber, spanOf } from '../option-values.js';
import { printJson, printLines, progressPrinter } from '../output.js';
import {
  fermataHome,
  installationHome,
  nameOf,
  notStarted,
  requireRuntime,
  withOperations,
} from '../running-desk.js';
import { hadNoMinute, nextAfterFetch } from '../stored-period.js';

const HOURS_DEFAULT = 24;
const HOURS_MAX = 24 * 366;
const REQUEST_MS_MAX = 15_000;
const GAPS_SHOWN_MAX = 20;

export function dataCommand(command: Command): void {
  fetchCommand(command);
  listCommand(command);
  verifyCommand(command);
  gapsCommand(command);
}

interface FetchOptions {
  readonly from: number;
  readonly to: number;
  readonly desk?: string;
  readonly simulatedVenue?: SimulatedVenue;
  readonly json?: boolean;
}

function fetchCommand(command: Command): void {
  command
    .command('fetch')
    .description('one-minute candles from the desk’s venue, stored with their source')
    .argument('<symbols...>', 'instruments of the desk, like BTC/USDT', collected(instrumentName))
    .requiredOption('--from <date>', 'first day, UTC, like 2026-10-01', dayValue)
    .requiredOption('--to <date>', 'last day, UTC; for today, as much as there is', dayValue)
    .option('--desk <name or file>', 'whose venue and instruments; by default the desk that runs here')
    .option(
      '--simulated-venue <[name=]address>',
      'a simulator on this machine instead of the exchange',
      simulatedVenueValue,
    )
    .option('--json', 'for scripts; progress goes to standard error')
    .action(async (symbols: string[], options: FetchOptions) => {
      const { fetched, desk, runningAt } = await fetchSymbols(symbols, options);
      if (options.json === true) return printJson(fetched);
      const lines = fetchedLines(fetched);
      const isTraded = fetched.length > 0 && withoutMinutes(fetched).length === 0;
      printLines(
        isTraded ? [...lines, await nextAfterFetch(options, desk, fermataHome(), runningAt)] : lines,
      );
    });
}

function listCommand(command: Command): void {
  command
    .command('list')
    .description('what was fetched: symbol, days, size, and where from; reads the notes alone')
    .option('--json', 'for scripts: each file')
    .action(async ({ json }: { json?: boolean }) => {
      const files = await filesHere(false);
      const sized = await Promise.all(files.map(async (one) => ({ ...one, bytes: await bytesOf(one.file) })));
      if (json === true) printJson(sized.map((one) => ({ ...fileFacts(one), bytes: one.bytes })));
      else printLines(files.length === 0 ? [NOTHING_FETCHED] : listLines(sized));
      process.exitCode = files.every(isFetched) ? EXIT_OK : EXIT_FAILED;
    });
}

function verifyCommand(command: Command): void {
  command
    .command('verify')
    .description('reads every byte of what was fetched: unchanged, in order, whole, prices that can be')
    .argument(
      '[files...]',
      'recorded files instead, each FILE or SYMBOL=FILE as for --data',
      collected(dataFile),
    )
    .option('--desk <name or file>', `whose instruments these are of; by default ${DEFAULT_DESK}`)
    .option('--json', 'for scripts')
    .action(async (files: readonly DataFile[] | undefined, { desk, json = false }: VerifyOptions) => {
      const isGiven = files !== undefined && files.length > 0;
      if (!isGiven && desk !== undefined)
        throw usageFailure('--desk is about recorded files', 'name them: fermata data verify SYMBOL=FILE …');
      process.exitCode = isGiven ? await verifyGiven(files, desk, json) : await verifyFetched(json);
    });
}

interface VerifyOptions {
  readonly desk?: string;
  readonly json?: boolean;
}

async function verifyFetched(json: boolean): Promise<number> {
  const files = await filesHere(true);
  const judged: JudgedFile[] = [];
  for (const one of files) judged.push({ ...one, problems: await problemsIn(one) });
  const bad = judged.filter((one) => !isFetched(one) || one.problems.length > 0);
  if (json) printJson(judged.map((one) => ({ ...fileFacts(one), problems: one.problems })));
  else if (files.length === 0) printLines([NOTHING_FETCHED]);
  else
    printLines([
      ...judged.flatMap(judgedLines),
      bad.length === 0
        ? `✓ ${counted(files.length, 'file')}: every byte is as it was fetched`
        : `✗ ${bad.length} of ${counted(files.length, 'file')} can’t be relied on`,
    ]);
  return bad.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** Each instrument's files to their end, or to their first problem; the others are read all the same. */
async function verifyGiven(
  files: readonly DataFile[],
  named: string | undefined,
  json: boolean,
): Promise<number> {
  const { desk } = loadDesk(namedDeskFile(named));
  marketChoice({ data: files }, desk);
  const [{ assignInstruments, filesByInstrument, readRecording }, { DataFileError }] = await Promise.all([
    import('../../market/recorded/check-recording.js'),
    import('../../market/recorded/data-file-error.js'),
  ]);
  const read: (RecordingRead | { readonly symbol: string; readonly problem: string })[] = [];
  for (const { files: its, instrument } of filesByInstrument(
    assignInstruments(files, buildInstruments(desk)),
  )) {
    const { symbol } = instrument;
    try {
      const found = await readRecording(its, instrument);
      read.push({ ...found, gaps: whileOpen(found.gaps, calendarOf(desk, symbol)) });
    } catch (error) {
      if (!(error instanceof DataFileError)) throw error;
      read.push({ symbol, problem: error.message });
    }
  }
  if (json) printJson(read);
  else
    printLines(
      read.flatMap((one) => ('problem' in one ? [`✗ ${one.symbol}: ${one.problem}`] : readLines(one))),
    );
  return read.some((one) => 'problem' in one) ? EXIT_FAILED : EXIT_OK;
}

const FORMAT_WORDS = {
  bars: 'bars',
  bidAskBars: 'bid and ask bars',
  quotes: 'quotes',
  trades: 'trades',
  books: 'books',
};

function readLines({ symbol, format, spanMs, rows, firstMs, endMs, gaps }: RecordingRead): string[] {
  const of = spanMs === 0 ? '' : ` of ${lasted(spanMs)}`;
  const head = `✓ ${symbol}: ${grouped(String(rows))} ${FORMAT_WORDS[format]}${of}, ${moment(firstMs)} to ${moment(endMs)}`;
  const [longest] = gaps.toSorted((one, other) => other.untilMs - other.fromMs - (one.untilMs - one.fromMs));
  if (longest === undefined) return [head];
  const { fromMs, untilMs } = longest;
  return [
    head,
    `  ! ${counted(gaps.length, 'gap')} while its market is open, the longest ${lasted(untilMs - fromMs)} from ${moment(fromMs)}: they are kept, nothing is invented`,
  ];
}

const NOTHING_FETCHED = 'nothing was fetched yet: fermata data fetch';

interface JudgedFile extends FetchedFile {
  readonly problems: readonly string[];
}

const isFetched = ({ outcome }: FetchedFile): boolean => outcome.kind === 'fetched';

async function filesHere(whole: boolean): Promise<readonly FetchedFile[]> {
  const home = fermataHome();
  return fetchedFiles(homePaths(home).data, dataKey(home), { whole });
}

/** A line for each symbol and source, and one for each file that has no note. */
function listLines(files: readonly (FetchedFile & { readonly bytes: number })[]): string[] {
  const bytes = new Map(files.map((one) => [one.file, one.bytes]));
  const provenances = files.flatMap(({ outcome }) =>
    outcome.kind === 'fetched' ? [outcome.provenance] : [],
  );
  const symbols = [...new Set(provenances.map(({ symbol }) => symbol))];
  const lines = symbols.flatMap((symbol) =>
    filesBySource(files, symbol).map(({ from, files: its }) => {
      const notes = its.flatMap(({ outcome }) => (outcome.kind === 'fetched' ? [outcome.provenance] : []));
      const span = {
        fromMs: Math.min(...notes.map(({ fromMs }) => fromMs)),
        untilMs: Math.max(...notes.map(({ untilMs }) => untilMs)),
      };
      const gaps = gapsIn(its, symbol, span).length;
      const minutes = notes.reduce((sum, one) => sum + one.minutes, 0);
      const size = its.reduce((sum, { file }) => sum + (bytes.get(file) ?? 0), 0);
      return [
        `✓ ${symbol.padEnd(10)} ${moment(span.fromMs)} to ${moment(span.untilMs)}`,
        `${counted(minutes, 'minute')} in ${counted(its.length, 'file')}`,
        `${gaps === 0 ? 'no gap' : counted(gaps, 'gap')}, ${(size / 1_000_000).toFixed(1)} MB, from ${sourceName(from)}`,
      ].join(', ');
    }),
  );
  return [
    ...lines,
    ...files.flatMap(({ file, outcome }) =>
      outcome.kind === 'other' ? [`✗ ${file}: ${outcome.reason}`] : [],
    ),
  ];
}

function judgedLines({ problems, ...found }: JudgedFile): string[] {
  const { file, outcome } = found;
  if (outcome.kind === 'fetched' && problems.length === 0) return [fileLine(found)];
  const reasons = outcome.kind === 'other' ? [outcome.reason, ...problems] : problems;
  return [...reasons.map((reason) => `✗ ${file}: ${reason}`), `    do this: ${againText(file)}`];
}

/** The path says which minutes they were, whatever the note says: `…/VENUE/BTC-USDT/2026-10.csv.gz`. */
function againText(file: string): string {
  const [, base, quote, year, month] =
    /([A-Z0-9]+)-([A-Z0-9]+)[/\\](\d{4})-(\d\d)\.csv\.gz$/.exec(file) ?? [];
  if (year === undefined || month === undefined)
    return 'take it out of this folder, which is for fetched minutes; give it as --data SYMBOL=FILE';
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).toISOString().slice(0, 10);
  return `fetch the month again: fermata data fetch ${base}/${quote} --from ${year}-${month}-01 --to ${last}, with --desk of a desk that trades it there`;
}

interface GapOptions {
  readonly hours?: number;
  readonly from?: number;
  readonly to?: number;
  readonly desk?: string;
  readonly json?: boolean;
}

function gapsCommand(command: Command): void {
  command
    .command('gaps')
    .description('missing one-minute candles, of the running desk or of a symbol’s fetched minutes')
    .argument('[symbol]', 'of fetched minutes, with --from and --to', instrumentName)
    .option(
      '--hours <hours>',
      `how far back, in market time; left out: ${HOURS_DEFAULT}`,
      positiveNumber(HOURS_MAX),
    )
    .option('--from <date>', 'first day of fetched minutes, UTC', dayValue)
    .option('--to <date>', 'last day of fetched minutes, UTC', dayValue)
    .option(
      '--desk <name or file>',
      'whose candles, or whose trading hours count; by default the desk that runs here',
    )
    .option('--json', 'for scripts')
    .action(async (symbol: string | undefined, options: GapOptions) => {
      process.exitCode =
        symbol === undefined ? await gapsOfDesk(options) : await gapsOfFiles(symbol, options);
    });
}

async function gapsOfDesk({ hours = HOURS_DEFAULT, json, from, to, desk }: GapOptions): Promise<number> {
  if (from !== undefined || to !== undefined) {
    throw usageFailure(
      '--from and --to are about fetched minutes',
      'name the symbol: fermata data gaps BTC/USDT --from …',
    );
  }
  // Of fetched minutes the desk may be one that never ran: another one must not answer in its place.
  if (desk !== undefined && requireRuntime().desk !== nameOf(desk))
    throw notStarted([nameOf(desk)], startedHomes(installationHome()));
  const found = await withOperations((operations) => operations.findDataGaps({ hours }));
  if (json === true) printJson(found);
  else printLines(gapLines(found));
  return found.gaps.length + found.without.length === 0 ? EXIT_OK : EXIT_FAILED;
}

async function gapsOfFiles(symbol: string, options: GapOptions): Promise<number> {
  const { from: first, to: last, hours, json } = options;
  if (hours !== undefined)
    throw usageFailure(
      '--hours is about the running desk’s candles',
      'of a symbol’s fetched minutes give the days: --from DATE --to DATE',
    );
  if (first === undefined || last === undefined)
    throw usageFailure('the span is missing', 'write --from DATE --to DATE, both days included');
  const home = fermataHome();
  const span = spanOf(first, last);
  const untilMs = Math.min(span.untilMs, Date.now() - (Date.now() % 60_000));
  const files = await fetchedFiles(homePaths(home).data, dataKey(home), { whole: true });
  const asked = { fromMs: span.fromMs, untilMs };
  const sources = filesBySource(files, symbol);
  const calendar = calendarHere(symbol, options.desk, home);
  const judged = (sources.length === 0 ? [{ from: null, files: [] }] : sources).map((source) => ({
    from: source.from,
    missing: whileOpen(gapsIn(source.files, symbol, asked), calendar),
  }));
  const gaps = judged.flatMap(({ from, missing }) => missing.map((gap) => ({ ...gap, ...from })));
  const addresses = [...new Set(sources.map(({ from }) => from.address))];
  if (json === true)
    printJson({
      symbol,
      ...asked,
      gaps,
      sources: addresses,
      closedHours: calendar === null ? 'included' : 'left out',
    });
  else
    printLines([
      ...judged.flatMap(({ from, missing }) => {
        const what = from === null ? symbol : `${symbol}, from ${sourceName(from)}`;
        return missing.length === 0 ? [`✓ ${what}: no gap`] : missingLines(what, missing);
      }),
      ...(sources.length === 0
        ? [
            `nothing of ${symbol} was fetched so far: fermata data fetch ${symbol} --from ${dayText(first)} --to ${dayText(last)}`,
          ]
        : []),
      ...(calendar === null && gaps.length > 0
        ? [
            `hours in which its market is closed are included: no desk that trades ${symbol} was named (--desk)`,
          ]
        : []),
    ]);
  return gaps.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** Null: no desk is named or runs here, or it does not trade this symbol. */
function calendarHere(symbol: string, named: string | undefined, home: string): SessionCalendar | null {
  const runtime = runtimeHere(home);
  if (named === undefined && runtime === null) return null;
  const { desk } = readDeskHere(namedDeskFile(named, runtime), {}, process.env, home).wanted;
  return calendarOf(desk, symbol);
}

function calendarOf(desk: Desk, symbol: string): SessionCalendar | null {
  const at = desk.instruments.findIndex((one) => one.symbol === symbol);
  return buildCalendars(desk)[at] ?? null;
}

/** What of these gaps is missing while the market was open; all of it if nobody knows its hours. */
const whileOpen = (gaps: readonly Span[], calendar: SessionCalendar | null): readonly Span[] =>
  calendar === null ? gaps : gaps.flatMap(({ fromMs, untilMs }) => calendar.openSpans(fromMs, untilMs));

/** `VENUE simulator at http://127.0.0.1:9080`. Some venues have no address but their name. */
function sourceName({ venue, endpoint, address }: MinutesSource['from']): string {
  const market = endpoint === 'live' ? venue : `${venue} ${endpoint}`;
  return address === venue ? market : `${market} at ${address}`;
}

interface Fetched extends FetchedMonth {
  readonly symbol: string;
  /** Of the stored list of missing minutes, those in which the market was open. */
  readonly gaps: readonly Span[];
}

/** Needs no running desk, only the desk file, the venue's public interface and the folder of fetched data. */
async function fetchSymbols(
  symbols: readonly string[],
  options: FetchOptions,
): Promise<{
  readonly fetched: readonly Fetched[];
  readonly desk: Desk;
  readonly runningAt: string | undefined;
}> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(options.desk, runtime);
  const { desk } = readDeskHere(file, {}, process.env, home).wanted;
  const span = spanOf(options.from, options.to);
  const all = buildInstruments(desk);
  const instruments = [...new Set(symbols)].map((symbol) => {
    const known = all.find((one) => one.symbol === symbol);
    if (known !== undefined) return known;
    const names = all.map((one) => one.symbol).join(', ');
    throw usageFailure(`desk ${desk.desk} does not trade ${symbol}`, `use some of: ${names}`);
  });
  const runningAt = simulatorStartedWith(desk, runtime);
  const source = minutesSource(desk, venueAddress(desk, options.simulatedVenue) ?? runningAt);
  const { fetchMinutes } = await import('../../market/fetched/fetch-minutes.js');
  const prices = await priceSourceOf(source.from.venue)
    .open({ instruments, timeoutMs: REQUEST_MS_MAX, addresses: source.addresses, reader: 'fetch' })
    .catch((error: unknown) => {
      throw unreachable(source.from, error);
    });
  const fetched: Fetched[] = [];
  try {
    for (const instrument of instruments) {
      const request: FetchRequest = {
        ...span,
        prices,
        from: source.from,
        instrument,
        folder: homePaths(home).data,
        key: ensureDataKey(home),
        nowMs: Date.now,
        onProgress: progressOf(instrument.symbol, span),
      };
      const months = await fetchMinutes(request);
      const calendar = calendarOf(desk, instrument.symbol);
      fetched.push(
        ...months.map((month) => ({
          ...month,
          symbol: instrument.symbol,
          gaps: whileOpen(month.provenance.missing, calendar),
        })),
      );
    }
  } finally {
    await prices.close().catch(() => undefined);
  }
  return { fetched, desk, runningAt };
}

function unreachable({ venue, address }: MinutesSource['from'], error: unknown): Error {
  const reason = error instanceof Error ? error.message.slice(0, 200) : String(error);
  return Object.assign(new Error(`${venue} at ${address} gives no candles: ${reason}`), {
    keptSafe: 'nothing was fetched and nothing was changed',
    doThis: 'check the network and the name of the venue, and run it again',
  });
}

function progressOf(symbol: string, { fromMs, untilMs }: Span): (doneMs: number) => void {
  const show = progressPrinter(process.stderr);
  const total = Math.min(untilMs, Date.now()) - fromMs;
  return (doneMs) =>
    show({ kind: 'bar', text: `${symbol} from the venue`, done: Math.max(0, doneMs - fromMs), total });
}

function fetchedLines(fetched: readonly Fetched[]): string[] {
  if (fetched.length === 0) return ['nothing to fetch: the span has no finished minute yet'];
  const lines = fetched.flatMap(({ file, provenance, fresh, replaced, gaps }) => [
    `${gaps.length === 0 ? '✓' : '!'} ${provenance.symbol} ${provenance.month}: ${counted(provenance.minutes, 'minute')}, ${grouped(String(fresh))} new, from ${provenance.address}`,
    `    ${file}`,
    ...(replaced === null ? [] : [`    fetched anew: ${replaced}`]),
    ...missingLines(provenance.symbol, gaps).map((line) => `    ${line}`),
  ]);
  return [...lines, ...withoutMinutes(fetched).map((symbol) => `! ${hadNoMinute(symbol)}`)];
}

const withoutMinutes = (fetched: readonly Fetched[]): readonly string[] =>
  [...new Set(fetched.map(({ symbol }) => symbol))].filter((symbol) =>
    fetched.every((month) => month.symbol !== symbol || month.provenance.minutes === 0),
  );

function missingLines(what: string, gaps: readonly Span[]): string[] {
  const lines = gaps.slice(0, GAPS_SHOWN_MAX).map(({ fromMs, untilMs }) => {
    const minutes = (untilMs - fromMs) / 60_000;
    return `✗ ${what}: ${grouped(String(minutes))} missing from ${moment(fromMs)} to ${moment(untilMs)}`;
  });
  return gaps.length > lines.length
    ? [...lines, `✗ ${what}: ${gaps.length - lines.length} more gaps; --json has all`]
    : lines;
}

function fileFacts({ file, outcome }: FetchedFile): object {
  return outcome.kind === 'fetched'
    ? { file, fetched: true, ...outcome.provenance }
    : { file, fetched: false, reason: outcome.reason };
}

function fileLine({ file, outcome }: FetchedFile): string {
  if (outcome.kind === 'other') return `✗ ${file}: ${outcome.reason}`;
  const { symbol, month, minutes, missing, fromMs, untilMs, address, fetchedAtMs } = outcome.provenance;
  const gaps = missing.length === 0 ? 'no gap' : counted(missing.length, 'gap');
  return `✓ ${symbol.padEnd(10)} ${month}  ${counted(minutes, 'minute')}, ${moment(fromMs)} to ${moment(untilMs)}, ${gaps}, from ${address} at ${moment(fetchedAtMs)}`;
}

function gapLines({ source, fromMs, toMs, coverage, gaps, without }: DataGaps): string[] {
  return [
    `one-minute candles of ${source ?? 'no known prices'} from ${moment(fromMs)} to ${moment(toMs)}`,
    ...coverage.map(
      ({ symbol, count, firstMs, lastMs }) =>
        `  ${symbol.padEnd(12)} ${count}, ${moment(firstMs)} to ${moment(lastMs)}`,
    ),
    ...without.map((symbol) => `✗ ${symbol} has none`),
    ...gaps.map(
      (gap) =>
        `✗ ${gap.symbol}: ${grouped(String(gap.missing))} missing from ${moment(gap.fromMs)} to ${moment(gap.toMs)}`,
    ),
    ...(gaps.length + without.length === 0 ? ['✓ no gap'] : []),
  ];
}
