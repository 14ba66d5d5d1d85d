/** `npm run simulate -- --seeds N [--from K] [--until-failure]`: prints what failed, and how to run exactly that again. */
import { argv, exit, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { runSeed } from './run-seed.js';

const PROGRESS_EVERY = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      'until-failure': { type: 'boolean', default: false },
    },
  });
  const count = wholeNumber('--seeds', values.seeds);
  const from = wholeNumber('--from', values.from);
  const totals = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0 };
  let failed = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed);
    for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += result[key];
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
  return failed === 0 ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  stdout.write(`${name}: expected a whole number above zero, found ${text}\n`);
  exit(2);
}

exit(await main());
