/** `npm run simulator -- binance`: options, help, and what is printed at the start. */
import { parseArgs } from 'node:util';
import { DEFAULT_ACCOUNTS, DEFAULT_KEYS, usedBefore } from './accounts.js';
import { CONTROL_HELP } from './control.js';
import { DEFAULT_SYMBOLS } from './exchange/symbols.js';
import { startBinanceSimulator } from './start.js';

const WAVE_MS = 500;

function helpText(): string {
  const symbols = DEFAULT_SYMBOLS.map(({ base, price }) => `  ${base}USDT  starts at ${price}`);
  const accounts = DEFAULT_ACCOUNTS.map(
    ({ name, balances }) =>
      `  ${name}: ${Object.entries(balances)
        .map(([asset, free]) => `${free} ${asset}`)
        .join(', ')}`,
  );
  const keys = DEFAULT_KEYS.map(({ apiKey, secret, account, permissions }) => {
    const may = [permissions.spot ? 'trades' : 'reads only', permissions.withdrawals ? 'may withdraw' : ''];
    return `  account ${account}, ${may.filter(Boolean).join(', ')}\n    key    ${apiKey}\n    secret ${secret}`;
  });
  return [
    'A simulated Binance spot exchange on the loopback address. These keys are worth nothing anywhere else.',
    '',
    'npm run simulator -- binance [--port 9080] [--seed 1] [--walk-ms 1000] [--walk-ppm 300] [--still]',
    '                             [--history-minutes 1000] [--waves 20] [--past 500]',
    '  --still            prices move only by the control endpoint; otherwise by a walk from the seed',
    '  --history-minutes  candles that there are of the time before, up to 20000',
    '  --waves            prices swing in waves of so many minutes, in the past as from now on',
    '  --past             account desk was used before: so many old trades, and coins of three kinds',
    '',
    'REST on /api/v3 and /sapi/v1, WebSocket API on /ws-api/v3, market streams on /ws and /stream.',
    '',
    'Symbols:',
    ...symbols,
    'Accounts:',
    ...accounts,
    'Keys:',
    ...keys,
    'Control (not part of the protocol):',
    ...CONTROL_HELP.map(([what, how]) => `  ${what.padEnd(30)} ${how}`),
  ].join('\n');
}

/** Exit code 2 on usage errors; runs until it is ended. */
export async function runBinanceCommand(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '9080' },
      seed: { type: 'string', default: '1' },
      'walk-ms': { type: 'string', default: '1000' },
      'walk-ppm': { type: 'string', default: '300' },
      still: { type: 'boolean', default: false },
      'history-minutes': { type: 'string', default: '1000' },
      waves: { type: 'string' },
      past: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  const walk = { everyMs: whole('walk-ms', values['walk-ms']), ppm: whole('walk-ppm', values['walk-ppm']) };
  const waves = values.waves === undefined ? null : { minutes: whole('waves', values.waves) };
  const minutes = whole('history-minutes', values['history-minutes']);
  if (minutes < 1 || minutes > 20_000) throw new TypeError('--history-minutes: expected 1 to 20000');
  if (waves?.minutes === 0) throw new TypeError('--waves: expected minutes above 0');
  const simulator = await startBinanceSimulator({
    port: whole('port', values.port),
    seed: whole('seed', values.seed),
    history: { minutes, ...(waves === null ? {} : { waves }) },
    ...(values.past === undefined ? {} : { accounts: usedBefore(whole('past', values.past)) }),
    ...(values.still ? {} : waves === null ? { walk } : { waveEveryMs: WAVE_MS }),
  });
  process.stdout.write(
    `Binance simulator at ${simulator.address} (--help lists keys, accounts and controls)\n`,
  );
  const end = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`--${name}: expected a whole number, found ${text}`);
  return Number(text);
}
