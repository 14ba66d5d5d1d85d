/** `npm run simulator -- <venue> [options]`. Each venue is one entry here. */
import { runBinanceCommand } from './binance/command.js';
import { runIbkrCommand } from './ibkr/command.js';
import { runS3Command } from './s3/command.js';
import { runSmtpCommand } from './smtp/command.js';
import { runTelegramCommand } from './telegram/command.js';

const venues: Readonly<Record<string, (argv: readonly string[]) => Promise<void>>> = {
  binance: runBinanceCommand,
  ibkr: runIbkrCommand,
  telegram: runTelegramCommand,
  smtp: runSmtpCommand,
  s3: runS3Command,
};

const [venue = '', ...argv] = process.argv.slice(2);
const run = venues[venue];
if (run === undefined) {
  process.stderr.write(
    `expected one of: ${Object.keys(venues).join(', ')}; found ${venue === '' ? 'nothing' : venue}\n` +
      'npm run simulator -- binance --port 9080    (--help after the name tells more)\n',
  );
  process.exit(2);
}
try {
  await run(argv);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
