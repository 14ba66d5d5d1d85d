/** What is looked at of a build before people are asked, and again before it is put in place: a small one, in a git checkout. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createDeployActivities } from '../../src/activities/operations/create-deploy-activities.js';
import type { BuildExamined } from '../../src/contracts/deploy.js';
import { buildIdAt } from '../../src/domain/build.js';
import { buildEntry, buildFolder, keepBuild } from '../../src/home/builds.js';
import { FORMAT_VERSION } from '../../src/trader/journal/format.js';

const FIT = { ok: true, runs: [{ workflowId: 'pulse:x', problem: null }], journalFormat: FORMAT_VERSION };

/** `does`: what its program does when it is asked. */
function build(does: string) {
  const home = mkdtempSync(join(tmpdir(), 'fermata-examined-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const id = buildIdAt(Date.UTC(2026, 0, 10), 'a'.repeat(40));
  const folder = buildFolder(home, id);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      encoding: 'utf8',
    }).trim();
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(buildEntry(home, id), does);
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'a build');
  const made = { version: '1', from: '/x', updated: [], testedMs: 1, testsTookMs: 1 };
  keepBuild(home, { id, commit: git('rev-parse', 'HEAD'), ...made });
  const { examineBuild } = createDeployActivities({ home, switchBuild: () => Promise.reject(new Error()) });
  const examine = (): Promise<BuildExamined> =>
    new MockActivityEnvironment().run(() => examineBuild({ desk: 'x', build: id }));
  return { home, id, folder, git, examine };
}

const saying = (answer: unknown): string => `console.log(${JSON.stringify(JSON.stringify(answer))});`;

it('is fit where it says so itself, and its folder is what was tested', async () => {
  const { examine, folder } = build(saying(FIT));
  // What is made by installing and building is not committed.
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'dist/made.js'), '');
  expect(await examine()).toMatchObject({ problem: null, observed: expect.stringContaining('1 open runs') });
});

it('is told how to reach the Temporal of this desk, and no other secret', async () => {
  vi.stubEnv('TEMPORAL_API_KEY', 'of the cloud');
  vi.stubEnv('BINANCE_SECRET_KEY', 'of the exchange');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { examine } = build(
    `if (process.env.TEMPORAL_API_KEY === 'of the cloud' && !process.env.BINANCE_SECRET_KEY) ${saying(FIT)}`,
  );
  expect((await examine()).problem).toBeNull();
});

it('is not fit once somebody has worked in its folder: what people agree to is a commit', async () => {
  const { examine, home, id, git } = build(saying(FIT));
  writeFileSync(buildEntry(home, id), `${saying(FIT)} // changed`);
  expect((await examine()).problem).toContain('no longer what was tested: bin/fermata.js was changed');
  git('commit', '--quiet', '--all', '--message', 'another');
  expect((await examine()).problem).toContain(`its folder has commit ${git('rev-parse', 'HEAD')}`);
});

it.each([
  ['nothing', ''],
  ['what is no answer', saying(null)],
  ['an answer without runs', saying({ ok: true })],
  ['more than a history takes', `process.stderr.write('x'.repeat(100_000)); process.exitCode = 1;`],
])('is not fit where it says %s', async (_what, does) => {
  const { problem } = await build(does).examine();
  expect(problem).toContain('does not say whether runs would go on');
  expect(problem?.length).toBeLessThan(1_000);
});

it('is not fit where runs would stand still, or an older build could not read its journal', async () => {
  const stuck = { ...FIT, runs: [{ workflowId: 'routine:x', problem: 'y'.repeat(10_000) }] };
  const { problem } = await build(saying(stuck)).examine();
  expect(problem).toContain('1 of 1 open runs would stand still: routine:x');
  expect(problem?.length).toBeLessThan(1_000);
  const newer = { ...FIT, journalFormat: FORMAT_VERSION + 1 };
  expect((await build(saying(newer)).examine()).problem).toContain('no way back but a restore');
});
