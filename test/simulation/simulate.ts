/**
 * `npm run simulate -- --seeds N [--from K] [--jobs N] [--until-failure] [--report FILE] [--part FILE]`: prints what failed,
 * and how to run exactly that again. `--until-objection`: an exception alone does not end it. `--merge PART… --report FILE`: one page of parts that ran one after the other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { argv, env, exit, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { readOptions } from '../../scripts/options.mjs';
import { sourceState } from '../../scripts/proofs/source-state.mjs';
import { folderInMemory } from '../support/files-in-memory.js';
import { compileClosure } from './compile-closure.js';
import { notOneSource, type ReportPart, RunReport, reportPage } from './run-report.js';
import { runSeeds, THREW } from './run-seeds.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRESS_EVERY = 100;
/** Fewer seeds for each process are not worth its start. */
const SEEDS_A_PROCESS = 10;

async function main(): Promise<number> {
  const { values, positionals } = readOptions(
    'npm run simulate -- [--seeds N] [--from K] [--jobs N] [--until-failure | --until-objection] [--report FILE] [--part FILE]\nnpm run simulate -- --merge PART… --report FILE',
    {
      args: argv.slice(2),
      allowPositionals: true,
      options: {
        seeds: { type: 'string', default: '500' },
        from: { type: 'string', default: '1' },
        jobs: { type: 'string', default: String(availableParallelism()) },
        report: { type: 'string' },
        part: { type: 'string' },
        merge: { type: 'boolean', default: false },
        'until-failure': { type: 'boolean', default: false },
        'until-objection': { type: 'boolean', default: false },
      },
    },
  );
  const write = (path: string | undefined, text: () => string) =>
    path !== undefined && writeFileSync(path, text());
  if (values.merge) {
    const parts = positionals.map((path) => JSON.parse(readFileSync(path, 'utf8')) as ReportPart);
    const why = notOneSource(parts);
    if (why !== null) {
      stdout.write(
        `The parts are not one run: ${why}. Run those seeds again on the sources of the others. Nothing was written.\n`,
      );
      return 2;
    }
    write(values.report, () => reportPage(parts));
    return parts.every(({ run }) => run.failed.length === 0) ? 0 : 1;
  }
  const wanted = wholeNumber('--seeds', values.seeds);
  const from = wholeNumber('--from', values.from);
  const worthIt = Math.ceil(wanted / SEEDS_A_PROCESS);
  const processes = Math.min(wholeNumber('--jobs', values.jobs), worthIt);
  // A journal's files cost a disk more than the rest of a seed; what a crash takes is for the simulated disk to say.
  env.TMPDIR = folderInMemory() ?? tmpdir();
  const compiled = await compileClosure(ROOT);
  const report = new RunReport({ ...sourceState(ROOT), hash: compiled.hash, processes, from, wanted });
  process.once('exit', compiled.remove);
  const keep = () => {
    write(values.report, () => reportPage([report.asPart()]));
    write(values.part, () => JSON.stringify(report.asPart()));
  };
  for await (const result of runSeeds(from, wanted, processes, compiled.file)) {
    const { seed, violations } = result;
    report.add(result);
    if (violations.length > 0) {
      stdout.write(`seed ${seed} failed:\n${violations.map((text) => `  ${text}\n`).join('')}`);
      stdout.write(`  again: npm run simulate -- --seeds 1 --from ${seed}\n`);
      const objects = violations.some((text) => !text.startsWith(THREW));
      if (values['until-failure'] || (values['until-objection'] && objects)) return 1;
    }
    if ((seed - from + 1) % PROGRESS_EVERY !== 0) continue;
    stdout.write(`${seed - from + 1} of ${wanted} seeds\n`);
    // Whoever ends it early has what it came to.
    keep();
  }
  stdout.write(report.asLine());
  keep();
  return report.failed.length === 0 ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  stdout.write(`${name}: expected a whole number above zero, found ${text}\n`);
  exit(2);
}

exit(await main());
