/** Prices made by hand, and validations on them in folders of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { LoadedDesk } from '../../../src/desk/load.js';
import type { MarketChoice } from '../../../src/home/runtime.js';
import type { ValidationReport } from '../../../src/validation/report/report.js';
import { keepRequest, type ValidationRequest, validationPlace } from '../../../src/validation/request.js';
import { type RunOptions, runValidation } from '../../../src/validation/run.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { deskWithQuickAverages } from '../../support/desk-files.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const BEGIN_MS = Date.parse('2026-03-02T00:00:00Z');

export const PROGRAM = fileURLToPath(new URL('../../../dist/run/run-validation.js', import.meta.url));
export const loaded = loadedDesk();

function loadedDesk(): LoadedDesk {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-validation-desk-'));
  try {
    return loadDesk(deskWithQuickAverages(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Minute {
  readonly openMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In coins. Left out: one. */
  readonly volume?: number;
}

/** Each minute falls by so much on its way, so that entries that rest just below the market are filled. */
const DIP = 30;

/**
 * Slow waves that an average crossing earns on: up for an hour, down for an hour, 5 % high. `minutes` whole minutes from
 * `BEGIN_MS` on.
 */
export function waves(minutes: number): Minute[] {
  const at = (minute: number): number => {
    const phase = (minute % 120) / 60;
    return 60_000 * (1 + 0.05 * (phase < 1 ? phase : 2 - phase));
  };
  return Array.from({ length: minutes }, (_, minute) => {
    const open = cents(at(minute));
    const close = cents(at(minute + 1));
    const high = Math.max(open, close) + 1;
    const low = Math.min(open, close) - DIP;
    return { openMs: BEGIN_MS + minute * MINUTE_MS, open, high, low, close };
  });
}

const cents = (price: number): number => Math.round(price * 100) / 100;

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-validation-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Gives its path. */
export function writeMinutes(folder: string, minutes: readonly Minute[], name = 'minutes.csv'): string {
  const rows = minutes.map(({ openMs, open, high, low, close, volume = 1 }) =>
    [openMs, ...[open, high, low, close].map((price) => price.toFixed(2)), volume].join(','),
  );
  const file = join(folder, name);
  writeFileSync(file, `ts,open,high,low,close,volume\n${rows.join('\n')}\n`);
  return file;
}

export function recorded(file: string, symbol: string | null = null): MarketChoice {
  return { kind: 'recorded', files: [{ symbol, file }], speed: null, seed: undefined, exitAtEnd: false };
}

export const SIMULATED: MarketChoice = {
  kind: 'simulated',
  files: [],
  speed: null,
  seed: 7,
  exitAtEnd: false,
};

/** Folder of a new validation; what is not given is the desk file's, over six hours. */
export function prepare(
  home: string,
  given: Partial<ValidationRequest> & Pick<ValidationRequest, 'market'>,
  of: Pick<LoadedDesk, 'desk' | 'configHash' | 'text'> = loaded,
): string {
  const request: ValidationRequest = {
    version: 1,
    id: 'v1',
    desk: of.desk.desk,
    configHash: of.configHash,
    createdMs: Date.parse('2026-03-09T12:00:00Z'),
    durationMs: 6 * HOUR_MS,
    criteria: of.desk.goLive.criteria,
    reportFolder: join(home, 'data'),
    requestedBy: 'operator',
    ...given,
  };
  keepRequest(home, request, of);
  return validationPlace(home, request.id).directory;
}

export function validate(
  home: string,
  given: Partial<ValidationRequest> & Pick<ValidationRequest, 'market'>,
  options: RunOptions = {},
  of: Pick<LoadedDesk, 'desk' | 'configHash' | 'text'> = loaded,
): Promise<ValidationReport> {
  return runValidation(prepare(home, given, of), options);
}

export function problemsOf({ data }: ValidationReport): string[] {
  return data.problems.map(({ kind }) => kind);
}
