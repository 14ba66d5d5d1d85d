// A copy of the sources that is broken, tested and repaired again, one break at a time.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformWithOxc } from 'vite';
import { findChromium } from '../find-chromium.mjs';
import { isNamed, patternOfTitle, wantedTitles } from '../proofs/proven-by-run.mjs';
import { readRunReport } from '../proofs/run-report.mjs';
import { outcomeOf } from './judged.mjs';

const RUN_MS_MAX = 20 * 60_000;
const SAID_LENGTH_MAX = 10_000;
const WHOLE_PRODUCT = /^test\/(end-to-end|faults)\//;

/** The copy is removed when this process ends, however it ends. */
export async function openScratch(root) {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-breaks-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  let running = null;
  const end = () => {
    if (running === null) process.exit(130);
    running.once('exit', () => process.exit(130));
    running.kill('SIGTERM');
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
  // Also copies the build, with its times, so only what is older than its source is built again.
  for (const file of [...filesOf(root), 'dist']) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const inFolder = (args) =>
    new Promise((resolve) => {
      const env = { ...process.env, CHROMIUM_PATH: findChromium() };
      running = spawn(process.execPath, args, { cwd: folder, env, timeout: RUN_MS_MAX });
      let said = '';
      for (const stream of [running.stdout, running.stderr])
        stream.on('data', (chunk) => {
          said = `${said}${chunk}`.slice(-SAID_LENGTH_MAX);
        });
      running.once('exit', (status) => {
        running = null;
        resolve({ status, said });
      });
    });
  const build = async () => {
    const { status, said } = await inFolder(['scripts/build.mjs']);
    return status === 0 ? null : lastLine(said);
  };
  const sound = await build();
  if (sound !== null) throw new Error(`the sources do not build as they are: ${sound}`);

  /** Only types are stripped, so one source changes only its own compiled file; bundles are rebuilt. */
  const rebuild = async (file) => {
    const compiled = /^src\/(.*)\.ts$/.exec(file)?.[1];
    if (compiled !== undefined) {
      const source = readFileSync(join(folder, file), 'utf8');
      const { code } = await transformWithOxc(source, join(folder, file), { sourcemap: false });
      writeFileSync(join(folder, `dist/${compiled}.js`), code);
      const now = Date.now() / 1000;
      utimesSync(join(folder, 'dist/.built/compile'), now, now);
    }
    return build();
  };

  /** Each mapped test and how it ended; empty if vitest could not even start. */
  const run = async ({ names, options }, proofs, toFirstFailure) => {
    const files = [...new Set(proofs.map((proof) => proof.split(' > ')[0]))];
    const report = join(folder, 'breaks-report.json');
    rmSync(report, { force: true });
    const reporter = ['--reporter=json', `--outputFile.json=${report}`];
    const projects = names.flatMap((name) => ['--project', name]);
    const args = ['run', ...projects, ...reporter, ...options(proofs, toFirstFailure), ...files];
    await inFolder(['node_modules/vitest/vitest.mjs', ...args]);
    if (!existsSync(report)) return [];
    const ran = readRunReport(report, folder);
    const isFailed = ({ status }) => status === 'failed';
    const noTestFailed = !ran.some(({ tests }) => tests.some(isFailed));
    return ran.flatMap(({ file, failed, tests }) => {
      const mapped = tests.filter(({ titles }) =>
        proofs.some((proof) => {
          const [of, ...parts] = proof.split(' > ');
          return of === file && isNamed(titles, parts);
        }),
      );
      // A file that could not be loaded, or whose set-up failed, fails as a whole; if one of its tests failed, it was
      // only cut short.
      const whole = failed && noTestFailed;
      if (whole) return [{ title: `${file} as a whole`, status: 'failed' }];
      return mapped.map(({ titles, status }) => ({ title: titles.at(-1), status }));
    });
  };

  /** Fast tests first; tests of the whole product only if those noticed nothing. */
  const tryTests = async (proofs, toFirstFailure) => {
    const ended = [];
    for (const project of PROJECTS) {
      const own = proofs.filter(project.has);
      if (own.length === 0) continue;
      if (toFirstFailure && ended.some(({ status }) => status === 'failed')) continue;
      ended.push(...(await run(project, own, toFirstFailure)));
    }
    return ended;
  };

  return {
    /** Titles of the tests that do not pass on the unbroken sources: they would notice anything. */
    async failingUnbroken(proofs) {
      const ended = await tryTests([...new Set(proofs)], false);
      if (ended.length === 0) return ['no mapped test ran'];
      return ended.filter(({ status }) => status !== 'passed').map(({ title }) => title);
    },

    /** @returns {Promise<{ outcome: 'noticed' | 'unnoticed' | 'unusable', detail: string }>} */
    async tryBreak({ file, find, put }, proofs) {
      const path = join(folder, file);
      const before = readFileSync(path, 'utf8');
      const parts = before.split(find);
      if (parts.length !== 2)
        return { outcome: 'unusable', detail: `${file} has ${parts.length - 1} places like it` };
      writeFileSync(path, parts.join(put));
      try {
        const unbuilt = await rebuild(file).catch((error) => lastLine(String(error)));
        if (unbuilt !== null) return { outcome: 'unusable', detail: unbuilt };
        return outcomeOf(await tryTests(proofs, true));
      } finally {
        writeFileSync(path, before);
        await rebuild(file);
      }
    },
  };
}

const isWhole = (proof) => WHOLE_PRODUCT.test(proof);
/** Each test of the whole product continues where the previous one ended, so their file runs as a whole. */
const PROJECTS = [
  {
    names: ['parts', 'alone'],
    has: (proof) => !isWhole(proof),
    options: (proofs, toFirstFailure) => [
      `--testNamePattern=${proofs.map(patternOf).join('|')}`, // one argument: a title may begin with dashes
      ...(toFirstFailure ? ['--bail=1'] : []),
    ],
  },
  { names: ['system'], has: isWhole, options: () => [] },
];

/**
 * Selects by the last title that a proof names, and by one row only if it names one: the failure of a row that does
 * not count would end the run before the one that does. `isNamed` decides which tests count.
 */
const patternOf = (proof) => patternOfTitle(wantedTitles(proof.split(' > ').slice(1)).at(-1) ?? '');

/** Files that git tracks, and new ones that it does not ignore. */
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
