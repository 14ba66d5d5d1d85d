/** `ONLY=morning`: of the procedures with this in their name; `KILL_CELLS=N`: so many cells of each, drawn by KILL_SEED. */
import { describeKills } from '../support/kill-matrix/matrix.js';
import { SLOB_PROCEDURES } from '../support/kill-matrix/procedures/slob.js';
import { openSlobBench } from '../support/kill-matrix/slob-bench.js';

await describeKills(
  SLOB_PROCEDURES.filter(({ name }) => name.includes(process.env.ONLY ?? '')),
  openSlobBench,
);
