/** Writes the report to the requested folder, and a copy to the one where a go-live finds it. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rollTexts } from '../../backtest/report/execution.js';
import { roundedAmount, signed } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import type { SignedReport, ValidationReport } from './report.js';
import { hoursText, reportHtml } from './report-html.js';

export interface WrittenReport {
  readonly json: string;
  readonly html: string;
}

/** Folder of all reports of this installation: a GO counts wherever `fermata validate` was run. */
export function keptReports(home: string): string {
  return join(resolve(home), 'reports');
}

/** Stores the report for a go-live by any process of this installation. */
export function keepReport(home: string, report: SignedReport): void {
  const folder = keptReports(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  replace(join(folder, `${nameOf(report)}.json`), JSON.stringify(report));
}

/** Writes `validation_report_<time of the request>.json` and `.html`; writing the same report again replaces it. */
export function writeReport(folder: string, report: SignedReport): WrittenReport {
  mkdirSync(folder, { recursive: true });
  const name = nameOf(report);
  const json = join(folder, `${name}.json`);
  const html = join(folder, `${name}.html`);
  replace(json, `${JSON.stringify(report, null, 2)}\n`);
  replace(html, reportHtml(report));
  return { json, html };
}

/** `2026-11-20T09:50:10.123Z` becomes `20261120T095010123Z`: two within a second stay distinct. */
function nameOf({ created }: SignedReport): string {
  return `validation_report_${created.replaceAll(/[-:.]/g, '')}`;
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.next`, text);
  renameSync(`${file}.next`, file);
}

const when = (at: string | null): string | null => at && moment(Date.parse(at));

/** The report in a few lines, for the terminal and for a message. */
export function summaryLines(report: ValidationReport): string[] {
  const { results, verdicts, period, market, goLive, reasons } = report;
  const { currency } = results;
  const isGo = report.recommendation === 'GO';
  return [
    `${isGo ? '✓ GO' : '✗ NO-GO'}: paper validation of ${report.desk}, ${hoursText(period.requestedMs)}`,
    `  prices      ${market.label} (${market.symbols.join(', ')})`,
    `  from, to    ${when(period.from) ?? 'no price'}, ${when(period.reached) ?? '–'}`,
    `  equity      ${roundedAmount(results.startingEquity, currency)} to ${roundedAmount(results.finalEquity, currency)} ${currency} (${signed(results.netProfitPct.toFixed(2))} %)`,
    // The report has plain decimals; people read a minus sign.
    ...verdicts.map(({ passed, text }) => `  ${passed ? '✓' : '✗'} ${text.replace(/ -(?=\d)/g, ' \u2212')}`),
    ...rollTexts(report).map((text) => `  roll        ${text}`),
    ...report.data.problems.map(({ text }) => `  ✗ ${text}`),
    ...reasons
      .filter((reason) => !verdicts.some(({ text }) => text === reason))
      .filter((reason) => !report.data.problems.some(({ text }) => text === reason))
      .map((reason) => `  ✗ ${reason}`),
    ...(isGo && !goLive.qualifies ? ['  It does not stand for real money:'] : []),
    ...(isGo ? goLive.because.map((why) => `  ! ${why}`) : []),
  ];
}

/** Short enough for a chat. */
export function summaryText(report: ValidationReport): string {
  const lines = summaryLines(report).slice(1);
  return lines.map((line) => line.trim()).join('\n');
}

/** Keeps a seal from being taken for anything else that the key signs. */
const PURPOSE = 'fermata validation report';

/**
 * Signs reports, so that one that was edited, or made elsewhere, can be told from one of this installation. `key`:
 * the installation's decision key, hex. Null: it has none yet, and nothing is sealed.
 */
export function signReport(key: string | null, report: ValidationReport): SignedReport {
  const hash = reportHash(report);
  return { ...report, hash, seal: key === null ? null : sealOf(key, hash) };
}

/** True if content and hash match and the seal is of this installation. */
export function isGenuine(key: string, { hash, seal, ...report }: SignedReport): boolean {
  if (seal === null) return false;
  const expected = Buffer.from(sealOf(key, reportHash(report)));
  const found = Buffer.from(seal);
  return hash === reportHash(report) && found.length === expected.length && timingSafeEqual(found, expected);
}

/** SHA-256, hex, over the report with the keys of every object sorted. */
function reportHash(report: ValidationReport): string {
  return createHash('sha256').update(sortedJson(report)).digest('hex');
}

function sealOf(key: string, hash: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(`${PURPOSE}\n${hash}`).digest('hex');
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
