/** The tables of proofs: each names tests that are there, and counts only those that a report says have passed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repository } from '../support/desk-under-test.js';

interface Reason {
  readonly id: string;
  readonly area: string;
  readonly why: string;
}

interface Summary {
  readonly desk: string;
  readonly mapped: number;
  readonly proven: number;
  /** No test shows it yet, and the table says so. */
  readonly missing: number;
  readonly all: number;
  readonly areas: Readonly<Record<string, { readonly mapped: number; readonly all: number }>>;
  /** Why nothing counts as proven; null where the report is of these sources. */
  readonly unproven: string | null;
  /** A proof is named, and its test is not there or, by the report, did not pass. */
  readonly broken: readonly Reason[];
  /** What a test here can't show, with the reason; it doesn't count as proven. */
  readonly notProvable: readonly Reason[];
}

/** Ids of each runbook. */
const IDS = { 'crypto-bot': 125, slob: 270 };

function run(...args: readonly string[]) {
  return runIn(repository, ...args);
}

function runIn(root: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [join(root, 'scripts/runbooks.mjs'), ...args], { encoding: 'utf8' });
}

const summaries = (...args: readonly string[]) => JSON.parse(run('--json', ...args).stdout) as Summary[];

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A checkout of its own, everything committed. */
function checkout(): { readonly root: string; readonly commit: string } {
  const root = folderOfTest();
  for (const part of ['scripts', 'test', 'desks'])
    cpSync(join(repository, part), join(root, part), { recursive: true });
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
      cwd: root,
      encoding: 'utf8',
    }).trim();
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'as it is');
  return { root, commit: git('rev-parse', 'HEAD') };
}

/** A report of vitest with tests of test/api; the file that it lies in ends with the test. */
function reportOf(
  tests: readonly (readonly [file: string, title: string, status: string])[],
  root = repository,
): string {
  const path = join(folderOfTest(), 'report.json');
  const testResults = tests.map(([file, title, status]) => ({
    name: join(root, 'test/api', file),
    status: status === 'failed' ? 'failed' : 'passed',
    assertionResults: [{ ancestorTitles: ['of the api'], title, status }],
  }));
  writeFileSync(path, JSON.stringify({ testResults }));
  return path;
}

/** The tests of an id of the crypto desk, as they are mapped, for a report in which all of them passed. */
function passedOf(id: string): (readonly [file: string, title: string, status: string])[] {
  const rows = readFileSync(join(repository, 'desks/crypto-bot/proofs.csv'), 'utf8').split('\n');
  const [, proof = ''] = rows.find((row) => row.startsWith(`${id},`))?.split('"') ?? [];
  return proof.split(' && ').map((one) => {
    const [file = '', title = ''] = one.split(' > ');
    return [join('..', relative('test', file)), title, 'passed'];
  });
}

describe('the proofs of a runbook', () => {
  it.each(Object.entries(IDS))('%s are asked for of each of its %i ids, once', (desk, ids) => {
    const found = summaries().find((summary) => summary.desk === desk);
    if (!found) throw new Error(`desks/${desk}/proofs.csv is missing`);
    expect(found.broken).toEqual([]);
    expect(found.all).toBe(ids);
    expect(found.mapped + found.notProvable.length + found.missing).toBe(ids);
    expect(found.missing).toBe(0);
    expect(found.proven, 'nothing is proven without a report').toBe(0);
    expect(Object.values(found.areas).reduce((sum, area) => sum + area.all, 0)).toBe(ids);
  });

  it('do not count where a report says that the test was skipped, failed or did not run', () => {
    const tests = [
      ...passedOf('S2-098'),
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
    expect(summary?.mapped).toBe(1);
    expect(run('--report', report).status).toBe(1);
  });

  it('count as proven only by a whole run of this very commit, nothing changed before or since', () => {
    const { root, commit } = checkout();
    const report = reportOf(passedOf('S2-098'), root);
    const written = readFileSync(report, 'utf8');
    const proven = (stamp: object | null) => {
      writeFileSync(report, JSON.stringify({ ...JSON.parse(written), ...(stamp && { run: stamp }) }));
      const [summary] = JSON.parse(runIn(root, '--json', '--report', report).stdout) as Summary[];
      return [summary?.proven, summary?.mapped, summary?.unproven];
    };
    const whole = { commit, clean: true, whole: true };
    expect(proven(whole)).toEqual([1, 1, null]);
    expect(proven(null)).toEqual([0, 1, expect.stringMatching(/does not say which commit/)]);
    expect(proven({ ...whole, commit: 'f'.repeat(40) })).toEqual([
      0,
      1,
      expect.stringMatching(/is of commit f{12}/),
    ]);
    expect(proven({ ...whole, clean: false })).toEqual([0, 1, expect.stringMatching(/when the tests ran/)]);
    expect(proven({ ...whole, whole: false })).toEqual([0, 1, expect.stringMatching(/only a part/)]);
    writeFileSync(join(root, 'new.txt'), 'since then');
    expect(proven(whole)).toEqual([0, 1, expect.stringMatching(/since the tests ran/)]);
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
