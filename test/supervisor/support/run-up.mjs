/** `up` as it is built and as a process of its own, so that a test can kill it: `run-up.mjs HOME ROLE_SCRIPT [DESK]`. */

import { fileURLToPath } from 'node:url';
import { up } from '../../../dist/supervisor/up.js';
import { loadDesk } from '../../../dist/venue/load-desk.js';

const [home = '', roleScript = '', desk = 'crypto-bot'] = process.argv.slice(2);
const print = (value) => console.log(JSON.stringify(value));
try {
  const outcome = await up({
    home,
    loaded: loadDesk(fileURLToPath(new URL(`../../../desks/${desk}/desk.yaml`, import.meta.url))),
    market: { kind: 'simulated', files: [], speed: undefined, seed: undefined, exitAtEnd: false },
    port: 0,
    roleScript,
    onProgress: print,
    onReady: (summary) => print({ kind: 'ready', summary }),
  });
  print(outcome);
  process.exit(outcome.exitCode);
} catch (error) {
  print({ kind: 'failed', message: String(error) });
  process.exit(1);
}
