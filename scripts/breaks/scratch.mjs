// A copy of the sources that is broken, tested and mended again, one break at a time.
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

/** Is gone when this process ends, however that comes about. */
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
  // With what is built, and the times of both: only what is older than its source is built again.
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

  /** Types are only left out of a source, so its own compiled file is all that changes; what is bundled follows. */
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

  /** Each mapped test, as it ended; none where vitest could not even begin. */
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
      // What could not be loaded, or whose beginning failed, fails as a whole; beside a test that failed it was only cut short.
      const whole = failed && noTestFailed;
      if (whole) return [{ title: `${file} as a whole`, status: 'failed' }];
      return mapped.map(({ titles, status }) => ({ title: titles.at(-1), status }));
    });
  };

  /** What takes seconds first; what takes a whole product only where that noticed nothing. */
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
    /** Titles of the tests that do not pass on the sources as they are: they would notice anything. */
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
/** Tests of the whole product go on where the one before them ended: their file is run from its beginning to its end. */
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
 * By the last title that a proof names, of one row only where it names one: the failure of a row that counts for nothing
 * would end the run before the one that counts. What does count is decided by `isNamed`.
 */
const patternOf = (proof) => patternOfTitle(wantedTitles(proof.split(' > ').slice(1)).at(-1) ?? '');

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
