/** `up` as a process of its own, so that a test can kill it: `run-up.ts HOME ROLE_SCRIPT`. */
import { loadDesk } from '../../../src/desk/load.js';
import { up } from '../../../src/supervisor/up.js';
import { MARKET } from './desk-home.js';

const [home = '', roleScript = ''] = process.argv.slice(2);
const print = (value: unknown): void => console.log(JSON.stringify(value));
try {
  const outcome = await up({
    home,
    loaded: loadDesk('desks/crypto-bot.yaml'),
    market: MARKET,
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
