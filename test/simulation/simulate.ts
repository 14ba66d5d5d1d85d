/** `npm run simulate -- --seeds N [--from K] [--until-failure] [--report [FILE]]`: prints what failed, and how to run exactly that again. */
import { writeFileSync } from 'node:fs';
import { argv, exit, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { RunReport } from './run-report.js';
import { runSeed } from './run-seed.js';

const PROGRESS_EVERY = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      report: { type: 'string' },
      'until-failure': { type: 'boolean', default: false },
    },
  });
  const count = wholeNumber('--seeds', values.seeds);
  const from = wholeNumber('--from', values.from);
  const report = new RunReport(from, count);
  const keep = () => values.report !== undefined && writeFileSync(values.report, report.asPage());
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed);
    report.add(result);
    if (result.violations.length > 0) {
      stdout.write(`seed ${seed} failed:\n${result.violations.map((text) => `  ${text}\n`).join('')}`);
      stdout.write(`  again: npm run simulate -- --seeds 1 --from ${seed}\n`);
      if (values['until-failure']) return 1;
    }
    if ((seed - from + 1) % PROGRESS_EVERY !== 0) continue;
    stdout.write(`${seed - from + 1} of ${count} seeds\n`);
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
