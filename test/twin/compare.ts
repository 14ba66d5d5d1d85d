/** `compare.ts FOLDER --seeds N [--from K] [--leave-out TYPE,…]`: `scripts/twin.mjs` has made the folder. */
import { join } from 'node:path';
import { argv, exit, stdout } from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { runSeed } from '../simulation/run-seed.js';
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
const base: Build = {
  ...((await load('src/engine/engine.ts')) as Pick<Build, 'createEngine'>),
  ...((await load('test/simulation/scenario.ts')) as Pick<Build, 'engineConfig'>),
};
const [seeds, from] = [Number(values.seeds), Number(values.from)];
let events = 0;
let differ = 0;
for (let seed = from; seed < from + seeds; seed += 1) {
  const twins = new Twins(base, values['leave-out'].split(','));
  await runSeed(seed, { engineOf: (...of) => twins.engineOf(...of) });
  events += twins.events;
  if (twins.difference === null) continue;
  differ += 1;
  const { at, event, here, there } = twins.difference;
  stdout.write(`seed ${seed}, event ${at}: ${event}\nhere:\n${here}\nthere:\n${there}\n\n`);
}
stdout.write(`${seeds} seeds, ${events} events: ${differ === 0 ? 'equal' : `${differ} seeds differ`}\n`);
exit(differ === 0 ? 0 : 1);
