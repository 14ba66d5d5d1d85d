// A copy of the sources that is broken, built, tested and mended again, one break at a time.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findChromium } from '../find-chromium.mjs';
import { isNamed, patternOfTitle } from '../proofs/proven-by-run.mjs';
import { readRunReport } from '../proofs/run-report.mjs';

const RUN_MS_MAX = 20 * 60_000;
const WHOLE_PRODUCT = /^test\/(end-to-end|faults)\//;

/** Is gone when this process ends, however that comes about. */
export function openScratch(root) {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-breaks-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  for (const file of filesOf(root)) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const inFolder = (args) =>
    spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: RUN_MS_MAX,
      killSignal: 'SIGTERM',
      env: { ...process.env, CHROMIUM_PATH: findChromium() },
    });
  const build = () => {
    const { status, stdout, stderr } = inFolder(['scripts/build.mjs']);
    return status === 0 ? null : lastLine(stdout + stderr);
  };
  const sound = build();
  if (sound !== null) throw new Error(`the sources do not build as they are: ${sound}`);

  /** The mapped tests alone: which of them failed, or null where none could be run. */
  const failing = (proofs) => {
    const files = [...new Set(proofs.map((proof) => proof.split(' > ')[0]))];
    const report = join(folder, 'breaks-report.json');
    rmSync(report, { force: true });
    const project = (system) => files.filter((file) => WHOLE_PRODUCT.test(file) === system);
    const projects = [
      ...(project(false).length > 0 ? ['--project', 'parts'] : []),
      ...(project(true).length > 0 ? ['--project', 'system'] : []),
    ];
    const names = ['-t', proofs.map(patternOf).join('|')];
    const args = ['run', ...projects, '--reporter=json', `--outputFile.json=${report}`, ...names, ...files];
    inFolder(['node_modules/vitest/vitest.mjs', ...args]);
    if (!existsSync(report)) return null;
    const tests = readRunReport(report, folder).flatMap((one) =>
      one.tests.map((test) => ({ ...test, file: one.file })),
    );
    const mapped = tests.filter((test) =>
      proofs.some((proof) => {
        const [file, ...titles] = proof.split(' > ');
        return test.file === file && isNamed(test.titles, titles);
      }),
    );
    if (mapped.length === 0) return null;
    return mapped.filter(({ status }) => status === 'failed').map(({ titles }) => titles.at(-1));
  };

  return {
    /** @returns {{ outcome: 'noticed' | 'unnoticed' | 'unusable', detail: string }} */
    tryBreak({ file, find, put }, proofs) {
      const path = join(folder, file);
      const before = readFileSync(path, 'utf8');
      const parts = before.split(find);
      if (parts.length !== 2)
        return { outcome: 'unusable', detail: `${file} has ${parts.length - 1} places like it` };
      writeFileSync(path, parts.join(put));
      try {
        const unbuilt = build();
        if (unbuilt !== null) return { outcome: 'unusable', detail: unbuilt };
        const failed = failing(proofs);
        if (failed === null) return { outcome: 'unusable', detail: 'none of the mapped tests ran' };
        return failed.length > 0
          ? { outcome: 'noticed', detail: failed[0] }
          : { outcome: 'unnoticed', detail: `${proofs.length} mapped tests passed` };
      } finally {
        writeFileSync(path, before);
      }
    },
  };
}

/** Of the titles that a proof names first; too many rather than too few: what counts is decided by `isNamed`. */
const patternOf = (proof) => patternOfTitle(proof.split(' > ')[1] ?? '');

/** What git tracks and what is new; outside a checkout everything but what is made. */
function filesOf(root) {
  const { status, stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error('the breaks are tried on a git checkout; this is none');
  return stdout.trim().split('\n');
}

function lastLine(text) {
  return text.trim().split('\n').slice(-2).join(' ').slice(0, 300);
}
