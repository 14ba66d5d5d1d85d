/** `npm run simulator -- telegram`: options, help, and what is printed at the start. */
import { parseArgs } from 'node:util';
import { CONTROL_HELP } from './control.js';
import { METHODS } from './methods.js';
import { DEFAULT_TOKEN } from './simulation.js';
import { startTelegramSimulator } from './start.js';

function helpText(): string {
  return [
    'A simulated Telegram Bot API on the loopback address. The token is worth nothing anywhere else.',
    '',
    'npm run simulator -- telegram [--port 9081] [--token TOKEN]',
    `  token ${DEFAULT_TOKEN}`,
    '  a desk uses it with TELEGRAM_API_ROOT=http://127.0.0.1:9081, TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID',
    '',
    `Methods: ${[...METHODS.keys()].join(', ')}`,
    'Control (not part of the protocol):',
    ...CONTROL_HELP.map(([what, how]) => `  ${what.padEnd(28)} ${how}`),
  ].join('\n');
}

/** Exit code 2 on usage errors; runs until it is ended. */
export async function runTelegramCommand(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '9081' },
      token: { type: 'string', default: DEFAULT_TOKEN },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${helpText()}\n`);
    return;
  }
  if (!/^\d{1,5}$/.test(values.port))
    throw new TypeError(`--port: expected a whole number, found ${values.port}`);
  const simulator = await startTelegramSimulator({ port: Number(values.port), tokens: [values.token] });
  process.stdout.write(`Telegram simulator at ${simulator.address} (--help lists token and controls)\n`);
  const end = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
