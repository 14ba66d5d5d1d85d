/** The tables of proofs: each names tests that are there, and counts only those that a report says have passed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repository } from '../support/desk-under-test.js';

interface Reason {
  readonly id: string;
  readonly area: string;
  readonly why: string;
}

interface Summary {
  readonly desk: string;
  readonly proven: number;
  readonly all: number;
  readonly areas: Readonly<Record<string, { readonly proven: number; readonly all: number }>>;
  /** A proof is named, and its test is not there or, by the report, did not pass. */
  readonly broken: readonly Reason[];
  /** What a test here can't show, with the reason; it doesn't count as proven. */
  readonly notProvable: readonly Reason[];
}

/** Ids of each runbook. */
const IDS = { 'crypto-bot': 125 };

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [join(repository, 'scripts/runbooks.mjs'), ...args], {
    encoding: 'utf8',
  });
}

const summaries = (...args: readonly string[]) => JSON.parse(run('--json', ...args).stdout) as Summary[];

/** A report of vitest with tests of test/api; the file that it lies in ends with the test. */
function reportOf(tests: readonly (readonly [file: string, title: string, status: string])[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'report.json');
  const testResults = tests.map(([file, title, status]) => ({
    name: join(repository, 'test/api', file),
    status: status === 'failed' ? 'failed' : 'passed',
    assertionResults: [{ ancestorTitles: ['of the api'], title, status }],
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

describe('the proofs of a runbook', () => {
  it.each(Object.entries(IDS))('%s are asked for of each of its %i ids, once', (desk, ids) => {
    const found = summaries().find((summary) => summary.desk === desk);
    if (!found) throw new Error(`test/runbooks/${desk}.csv is missing`);
    expect(found.broken).toEqual([]);
    expect(found.all).toBe(ids);
    expect(found.proven + found.notProvable.length).toBe(ids);
    expect(Object.values(found.areas).reduce((sum, area) => sum + area.all, 0)).toBe(ids);
  });

  it('do not count where a report says that the test was skipped, failed or did not run', () => {
    const tests = [
      [
        'page.test.ts',
        'draws the equity curve as it went: down to the middle of the hour, and up again',
        'passed',
      ],
      ['endpoints.test.ts', 'says running or stopped', 'skipped'],
      ['endpoints.test.ts', 'adds up exactly what is open and what was realised', 'failed'],
    ] as const;
    const report = reportOf(tests);
    const [summary] = summaries('--report', report);
    const whys = Object.fromEntries((summary?.broken ?? []).map(({ id, why }) => [id, why]));
    expect(whys).toMatchObject({
      'S2-106': expect.stringMatching(/says running or stopped: skipped$/),
      'S2-108': expect.stringMatching(/adds up exactly .*: failed$/),
      'S2-107': expect.stringMatching(/did not run$/),
    });
    expect(whys['S2-098']).toBeUndefined();
    expect(summary?.proven).toBe(1);
    expect(run('--report', report).status).toBe(1);
  });

  it('are not read from a report that is not there', () => {
    const { status, stderr } = run('--report', '/nowhere/report.json');
    expect(status).toBe(2);
    expect(stderr).toMatch(/there is no file \/nowhere\/report\.json/);
  });
});

describe('npm test', () => {
  it('says that a part of the tests proves no runbook, and counts what ran', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(repository, 'scripts/test.mjs'), 'test/domain/trading-day.test.ts'],
      { cwd: repository, encoding: 'utf8' },
    );
    expect(stdout).toMatch(/proofs of the runbooks were not checked: only some of the tests ran/);
    expect(stdout.trimEnd()).toMatch(/\n[1-9]\d* passed, 0 failed$/);
    expect(status).toBe(0);
  });
});
