/** `npm run simulate -- --seeds N [--from K] [--until-failure] [--report]`: prints what failed, and how to run exactly that again. */
import { argv, exit, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { Injected } from './injected.js';
import { runSeed } from './run-seed.js';

const PROGRESS_EVERY = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      report: { type: 'boolean', default: false },
      'until-failure': { type: 'boolean', default: false },
    },
  });
  const count = wholeNumber('--seeds', values.seeds);
  const from = wholeNumber('--from', values.from);
  const totals = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0 };
  const injected = new Injected();
  const reached = new Injected();
  const startedMs = performance.now();
  let failed = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed);
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result[key];
    for (const [what, times] of result.injected) injected.count(what, times);
    for (const [what, times] of result.reached) reached.count(what, times);
    if (result.violations.length > 0) {
      failed += 1;
      stdout.write(`seed ${seed} failed:\n${result.violations.map((text) => `  ${text}\n`).join('')}`);
      stdout.write(`  again: npm run simulate -- --seeds 1 --from ${seed}\n`);
      if (values['until-failure']) return 1;
    }
    if ((seed - from + 1) % PROGRESS_EVERY === 0) stdout.write(`${seed - from + 1} of ${count} seeds\n`);
  }
  const { fills, submits, crashes, armings, adoptions } = totals;
  stdout.write(
    `${count} seeds: ${submits} orders, ${fills} fills, ${crashes} crashes, ${armings} armings, ` +
      `${adoptions} positions adopted; ${count - failed} passed, ${failed} failed\n`,
  );
  if (values.report) {
    const seconds = (performance.now() - startedMs) / 1_000;
    stdout.write(`seeds ${from} to ${from + count - 1} in ${seconds.toFixed(0)} s\n`);
    stdout.write(`faults: ${listed(injected)}\n`);
    stdout.write(`the core came to: ${listed(reached)}\n`);
  }
  return failed === 0 ? 0 : 1;
}

function listed({ counts }: Injected): string {
  const most = [...counts].sort((one, other) => other[1] - one[1]);
  return most.map(([what, times]) => `${what} ${times}`).join(', ');
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  stdout.write(`${name}: expected a whole number above zero, found ${text}\n`);
  exit(2);
}

exit(await main());
