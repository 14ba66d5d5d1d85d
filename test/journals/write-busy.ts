/**
 * Keeps the journal of a whole run of the simulation for ever, with the configuration that wrote it and what it comes
 * to: `npx tsx test/journals/write-busy.ts NAME SEED`, with the last build before the core changes.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { Random } from '../simulation/random.js';
import { runSeed } from '../simulation/run-seed.js';
import { drawScenario, engineConfig } from '../simulation/scenario.js';
import { busyConfig, busyOutcome } from './busy-past.js';

const [name, seed] = [process.argv[2], Number(process.argv[3])];
if (name === undefined || !/^v\d+-busy[-a-z]*$/.test(name))
  throw new Error('name it: v2-busy, v2-busy-linear …');
if (!Number.isInteger(seed)) throw new Error('name the seed');
const folder = fileURLToPath(new URL(`./${name}`, import.meta.url));
if (existsSync(folder)) throw new Error(`${folder} is there already and stays as it is`);

const { violations } = await runSeed(seed, {
  keep: (journal) => {
    mkdirSync(folder);
    for (const file of readdirSync(journal).filter((each) => each.endsWith('.journal'))) {
      cpSync(join(journal, file), join(folder, file));
    }
  },
});
if (violations.length > 0) throw new Error(violations.join('\n'));
const [first] = readJournal(folder);
const scenario = drawScenario(seed, new Random(seed));
write('config.json', engineConfig(scenario, first?.incarnation ?? '', String));
write('outcome.json', busyOutcome(folder, busyConfig(folder)));

/** Functions are left out: whoever reads it has those of his own. */
function write(file: string, value: unknown): void {
  writeFileSync(join(folder, file), `${JSON.stringify(value, null, 2)}\n`);
}
