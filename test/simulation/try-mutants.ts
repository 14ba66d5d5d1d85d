/**
 * `npm run mutants -- [--seed S] [--count N] [--only TEXT] [--seeds N]`: builds that are broken on purpose, which the
 * simulation has to notice within N seeds. Prints which seed it took, and whose eyes.
 */
import { availableParallelism } from 'node:os';
import { argv, exit, stdout } from 'node:process';
import { readOptions } from '../../scripts/options.mjs';
import { MUTANTS } from './mutants/all.js';
import { asLine, drawnMutants, runMutant } from './run-mutant.js';

const { values } = readOptions('npm run mutants -- [--seed S] [--count N] [--only TEXT]', {
  args: argv.slice(2),
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: String(MUTANTS.length) },
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '300' },
  },
});
const [seed, count, seeds] = [values.seed, values.count, values.seeds].map(Number);
if (![seed, count, seeds].every((value) => Number.isSafeInteger(value) && Number(value) > 0)) {
  stdout.write('--seed, --count and --seeds: expected whole numbers above zero. Nothing was run.\n');
  exit(2);
}
const wanted = MUTANTS.filter(({ what }) => what.includes(values.only));
const left = drawnMutants(wanted, Number(seed), Number(count));
const tried = left.length;
let missed = 0;

async function tryNext(): Promise<void> {
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    const run = await runMutant(mutant, Number(seeds));
    stdout.write(asLine(mutant, run));
    if (run.caught) continue;
    missed += 1;
    stdout.write(run.output);
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, tryNext));
stdout.write(`seed ${seed}: ${tried - missed} of ${tried} broken builds caught by the simulation\n`);
exit(tried > 0 && missed === 0 ? 0 : 1);
