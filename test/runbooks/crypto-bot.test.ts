/** The table of proofs of the crypto desk's runbook: complete, and each named test is there. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repository } from '../support/desk-under-test.js';

interface Summary {
  readonly desk: string;
  readonly proven: number;
  readonly all: number;
  readonly areas: Readonly<Record<string, { readonly proven: number; readonly all: number }>>;
  /** A proof is named, and its test is not there or, by the report, did not pass. */
  readonly broken: readonly { readonly id: string; readonly why: string }[];
  readonly notProven: readonly { readonly id: string; readonly why: string }[];
}

const IDS = 125;

/** `report`: of vitest; where there is none the tests are only looked up. */
function summary(report = process.env.FERMATA_TEST_REPORT ?? ''): Summary {
  const { stdout } = spawnSync(process.execPath, [join(repository, 'scripts/runbooks.mjs'), '--json'], {
    encoding: 'utf8',
    env: { ...process.env, FERMATA_TEST_REPORT: report },
  });
  const found = (JSON.parse(stdout) as Summary[]).find(({ desk }) => desk === 'crypto-bot');
  if (!found) throw new Error('test/runbooks/crypto-bot.csv is missing');
  return found;
}

/** A report of vitest with tests of test/api; the file that it lies in ends with the test. */
function reportOf(tests: readonly (readonly [file: string, title: string, status: string])[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'report.json');
  const testResults = tests.map(([file, title, status]) => ({
    name: join(repository, 'test/api', file),
    assertionResults: [{ ancestorTitles: ['of the api'], title, status }],
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

describe('the proofs of the crypto desk’s runbook', () => {
  it('are asked for of every id, and every test that they name is there, and passed where a report says', () => {
    const { all, proven, notProven, areas, broken } = summary();
    expect(broken).toEqual([]);
    expect(all).toBe(IDS);
    expect(proven + notProven.length).toBe(IDS);
    expect(Object.values(areas).reduce((sum, area) => sum + area.all, 0)).toBe(IDS);
  });

  it('do not count where a report says that the test was skipped, failed or did not run', () => {
    const tests = [
      [
        'page.test.ts',
        'draws the equity curve as it went: down to the middle of the hour, and up again',
        'passed',
      ],
      ['endpoints.test.ts', '/api/positions takes a signed-in person of any role', 'passed'],
      ['endpoints.test.ts', '/api/reconciliation takes a signed-in person of any role', 'failed'],
      ['endpoints.test.ts', 'says running or stopped', 'skipped'],
    ] as const;
    const whys = Object.fromEntries(summary(reportOf(tests)).broken.map(({ id, why }) => [id, why]));
    expect(Object.keys(whys)).toHaveLength(IDS - 2);
    expect(whys).toMatchObject({
      'S2-106': expect.stringMatching(/says running or stopped: skipped$/),
      'S2-122': expect.stringMatching(/reconciliation takes .*: failed$/),
      'S2-113': expect.stringMatching(/did not run$/),
    });
    expect(whys['S2-098']).toBeUndefined();
    expect(whys['S2-109']).toBeUndefined();
  });

  it('say why where there is none yet', () => {
    for (const { id, why } of summary().notProven) expect(why, id).not.toBe('');
  });
});
