/** Puts the report where a person looks for it. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedReport } from './report.js';
import { reportHtml } from './report-html.js';

export interface WrittenReport {
  readonly json: string;
  readonly html: string;
}

/** `validation_report_<time when it was asked for>.json` and `.html`; the same report again replaces itself. */
export function writeReport(folder: string, report: SignedReport): WrittenReport {
  mkdirSync(folder, { recursive: true });
  const name = `validation_report_${stampOf(report.created)}`;
  const json = join(folder, `${name}.json`);
  const html = join(folder, `${name}.html`);
  replace(json, `${JSON.stringify(report, null, 2)}\n`);
  replace(html, reportHtml(report));
  return { json, html };
}

/** `2026-11-20T09:50:10.123Z` to `20261120T095010123Z`: two within a second keep apart. */
function stampOf(created: string): string {
  return created.replaceAll(/[-:.]/g, '');
}

function replace(file: string, text: string): void {
  writeFileSync(`${file}.next`, text);
  renameSync(`${file}.next`, file);
}
