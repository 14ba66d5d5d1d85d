/** A process that runs seeds one after the other, as it is sent them, and answers with what each came to. */
import { runSeed } from './run-seed.js';

process.on('message', (seed: number) => {
  void runSeed(seed).then((result) => process.send?.(result));
});
