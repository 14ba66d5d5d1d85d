/** Puts the report where a person looks for it, and where a go-live finds it, whatever that folder was. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SignedReport } from './report.js';
import { reportHtml } from './report-html.js';

export interface WrittenReport {
  readonly json: string;
  readonly html: string;
}

/** Folder of all reports of this installation: a GO counts wherever `fermata validate` was run. */
export function keptReports(home: string): string {
  return join(resolve(home), 'reports');
}

/** Keeps the report for a go-live by any process of this installation. */
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
