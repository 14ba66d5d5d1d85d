/** `compare.ts FOLDER --seeds N [--from K] [--leave-out TYPE,…]`: `scripts/twin.mjs` has made the folder. */
import { join } from 'node:path';
import { argv, exit, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Random } from '../simulation/random.js';
import { runSeed } from '../simulation/run-seed.js';
import { drawScenario } from '../simulation/scenario.js';
import { type Build, Twins } from './twin.js';

const { values, positionals } = parseArgs({
  args: argv.slice(2),
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    'leave-out': { type: 'string', default: '' },
  },
});
const folder = positionals[0] ?? '';
const load = (path: string) => import(pathToFileURL(join(folder, path)).href);
const theirs = (await load('test/simulation/scenario.ts')) as Pick<Build, 'engineConfig'> & {
  readonly drawScenario: typeof drawScenario;
};
const base: Build = {
  ...((await load('src/engine/engine.ts')) as Pick<Build, 'createEngine'>),
  ...theirs,
};
/** A kind of desk that the other build does not know is not compared with what it makes of it. */
const isOfBoth = (seed: number): boolean => {
  const here = drawScenario(seed, new Random(seed));
  const there = theirs.drawScenario(seed, new Random(seed)) as typeof here;
  return (Object.keys(there) as (keyof typeof here)[]).every(
    (key) => JSON.stringify(here[key]) === JSON.stringify(there[key]),
  );
};
const [seeds, from] = [Number(values.seeds), Number(values.from)];
let events = 0;
let differ = 0;
const others: number[] = [];
for (let seed = from; seed < from + seeds; seed += 1) {
  if (!isOfBoth(seed)) {
    others.push(seed);
    continue;
  }
  const twins = new Twins(base, values['leave-out'].split(','));
  await runSeed(seed, { engineOf: (...of) => twins.engineOf(...of) });
  events += twins.events;
  if (twins.difference === null) continue;
  differ += 1;
  const { at, event, here, there } = twins.difference;
  stdout.write(`seed ${seed}, event ${at}: ${event}\nhere:\n${here}\nthere:\n${there}\n\n`);
}
if (others.length > 0) stdout.write(`other desks in the other build, left out: ${others.join(', ')}\n`);
stdout.write(
  `${seeds - others.length} seeds, ${events} events: ${differ === 0 ? 'equal' : `${differ} seeds differ`}\n`,
);
exit(differ === 0 ? 0 : 1);
