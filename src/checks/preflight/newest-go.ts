/**
 * The validation that may be used for real money. The newest report of exactly this configuration counts, whatever its
 * result: an older GO doesn't override a newer NO-GO. A GO dated in the future, by a clock that was ahead, doesn't
 * count until then.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { goLiveValidation } from '../../desk/live-rules.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { readSecret } from '../../home/secrets.js';
import type { PriceEndpoint, SignedReport } from '../../validation/report/report.js';
import { isGenuine, keptReports } from '../../validation/report/write-report.js';
import type { VenueEndpoint } from '../../venue/prices.js';
import type { PreflightSubject, Reading } from './exchange-reading.js';

interface FoundReport {
  readonly file: string;
  readonly report: SignedReport;
}

/** Where and when real orders would be sent on the strength of the GO. */
interface GoNeeded {
  readonly endpoint: VenueEndpoint;
  readonly nowMs: number;
}

/** Where `fermata validate` writes its reports. */
export const REPORT_FOLDER = 'data';

type Place = Pick<PreflightSubject, 'desk' | 'configHash' | 'home' | 'reportFolder'>;

const NAME = /^validation_report_.*\.json$/;
/** How many reports are read, newest first; older ones don't count. */
const READ_MAX = 200;
const CLOCK_TOLERANCE_MS = 60_000;

/** `needed`: null if a desk already trades on the GO, so its age and market are not checked again. */
export function newestGo(place: Place, needed: GoNeeded | null): Reading<FoundReport> {
  const found = newestReport(place, needed?.nowMs ?? Number.POSITIVE_INFINITY);
  if (!found.ok) return found;
  const { file, report } = found.value;
  const problem = problemOf(report) ?? (needed && outdated(report, place, needed));
  return problem === null ? found : { ok: false, why: `${basename(file)}, the newest: ${problem}` };
}

/** The newest of this desk and configuration, sealed here, by its own time, whatever its file name. */
export function newestReport(
  { desk, configHash, home, reportFolder }: Place,
  nowMs: number,
): Reading<FoundReport> {
  const files = reportsIn(reportFolder, keptReports(home));
  if (files.length === 0)
    return { ok: false, why: `no validation report of this installation: fermata validate` };
  const key = keyOf(home);
  if (key === null)
    return { ok: false, why: 'this installation has no key yet, so no report is sealed by it' };
  let newest: FoundReport | null = null;
  let nearest = 'no report is about this desk';
  for (const file of files) {
    const report = read(file);
    if (report === null || report.desk !== desk.desk) continue;
    const foreign = foreignTo(report, key, configHash);
    if (foreign !== null) {
      if (nearest.startsWith('no report')) nearest = `${basename(file)}: ${foreign}`;
    } else if (report.recommendation === 'GO' && createdMs(report) - nowMs > CLOCK_TOLERANCE_MS) {
      nearest = `${basename(file)}: it is dated in the future, ${report.created}: look at the clock`;
    } else if (newest === null || createdMs(report) > createdMs(newest.report)) newest = { file, report };
  }
  return newest === null ? { ok: false, why: nearest } : { ok: true, value: newest };
}

function foreignTo(report: SignedReport, key: string, configHash: string): string | null {
  if (!isGenuine(key, report)) return 'its seal is not of this installation, or it was changed';
  return report.configHash === configHash ? null : 'it is about another version of the desk file';
}

function problemOf(report: SignedReport): string | null {
  if (report.recommendation !== 'GO') return `NO-GO: ${report.reasons.join('; ')}`;
  // An earlier version wrote the report, without recording whose prices they were.
  if (!report.market.endpoint) return `it can't stand for real money: ${origin(report)}`;
  return report.goLive.qualifies
    ? null
    : `it can't stand for real money: ${report.goLive.because.join('; ')}`;
}

const origin = ({ goLive }: SignedReport): string =>
  goLive.because.length > 0
    ? goLive.because.join('; ')
    : 'it does not say whose prices they were; validate again';

function outdated(report: SignedReport, { desk }: Place, { endpoint, nowMs }: GoNeeded): string | null {
  const { validMs } = goLiveValidation(desk);
  const ageMs = nowMs - createdMs(report);
  if (!(ageMs <= validMs))
    return `a GO of ${report.created} is too old: it stands for ${validMs / DAY_MS} days (goLive.validForDays)`;
  const prices = endpointOf(report);
  const orders: PriceEndpoint = {
    kind: endpoint.kind,
    venue: desk.venue.name,
    address: endpoint.kind === 'simulator' ? endpoint.address : null,
  };
  if (prices !== null && countsFor(prices, orders)) return null;
  return `it was made at ${marketName(prices)}, and counts there only; orders go to ${marketName(orders)}`;
}

/**
 * Real prices of an exchange count for every order to it; a testnet's prices only for the testnet, a simulator's only
 * for that simulator.
 */
function countsFor(prices: PriceEndpoint, orders: PriceEndpoint): boolean {
  if (prices.venue !== orders.venue) return false;
  return prices.kind === 'live' || (prices.kind === orders.kind && prices.address === orders.address);
}

/**
 * An earlier version's report doesn't name the exchange, but its files or the label of live prices do: those
 * count.
 */
function endpointOf({ market }: SignedReport): PriceEndpoint | null {
  const { endpoint, kind, label, files } = market;
  if (endpoint === null || endpoint.venue !== undefined) return endpoint;
  const [first, ...others] = files.map(({ fetched }) => fetched?.venue);
  const ofFiles = others.every((other) => other === first) ? first : undefined;
  const venue = kind === 'live' ? /^live: (\S+)/.exec(label)?.[1] : ofFiles;
  return venue === undefined ? endpoint : { ...endpoint, venue };
}

function marketName(endpoint: PriceEndpoint | null): string {
  if (endpoint === null) return 'a market that nobody can name';
  const { kind, venue = 'an exchange that it does not name', address } = endpoint;
  if (kind === 'simulator') return `the simulator of ${venue} at ${address}`;
  return kind === 'testnet' ? `the testnet of ${venue}` : venue;
}

const createdMs = ({ created }: SignedReport): number => Date.parse(created);

function keyOf(home: string): string | null {
  try {
    return readSecret(home, 'decisionKey');
  } catch {
    return null;
  }
}

/** Newest first: the time is in the name. */
function reportsIn(...folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return files.sort((one, other) => (basename(one) < basename(other) ? 1 : -1)).slice(0, READ_MAX);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    return [];
  }
}

function read(file: string): SignedReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SignedReport;
  } catch {
    return null;
  }
}
