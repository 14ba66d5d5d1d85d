/** A desk with real money at the exchange's simulator, validated, and two people who decide about it. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBinanceSimulator } from '../../../simulators/binance/start.js';
import { REPORT_FOLDER } from '../../../src/checks/preflight/newest-go.js';
import { readSecret } from '../../../src/home/secrets.js';
import { keepTelegramProof } from '../../../src/notify/channel-credentials.js';
import { signReport } from '../../../src/validation/report/write-report.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { goReport } from '../../go-live/support/preflight-bench.js';
import { TRADING_KEY } from '../../venue-binance/support/raw-client.js';
import { deskUnderTest } from '../desk-under-test.js';
import { enrol } from '../own-keys.js';
import { type Bench, benchOf } from './bench.js';
import { liveDeskForKills } from './live-desk-file.js';
import { openTelegram, TELEGRAM_TOKEN } from './telegram.js';

const PASSWORD = 'a-password-of-my-own';

/** `options`: more of `fermata up`. */
export async function openLiveBench(...options: string[]): Promise<Bench> {
  const exchange = await startBinanceSimulator({ walk: { everyMs: 250, ppm: 5 } });
  const telegram = await openTelegram();
  const desk = deskUnderTest('crypto-live', {
    BINANCE_API_KEY: TRADING_KEY.apiKey,
    BINANCE_SECRET_KEY: TRADING_KEY.secret,
    ...telegram.variables,
    DASHBOARD_PASSWORD: PASSWORD,
    FERMATA_PERSON_PASSWORD: PASSWORD,
  });
  const folder = mkdtempSync(join(tmpdir(), 'fermata-kills-'));
  const file = liveDeskForKills(folder);
  await desk.up('--desk', file, '--simulated-venue', exchange.address, ...options);
  const added = await desk.run('person', 'add', 'second', '--role', 'approver');
  if (added.code !== 0) throw new Error(`no second person: ${added.stderr}`);
  enrol(desk.home, 'operator', 'second');
  await keepTelegramProof(desk.home, TELEGRAM_TOKEN, { chatId: '7', messageId: 1, atMs: Date.now() });
  writeReport(desk.home, file);
  const people = ['operator', 'second'].map((username) => ({ username, password: PASSWORD }));
  const bench = await benchOf(desk, folder, [people[0]!, ...people.slice(1)]);
  return {
    ...bench,
    close: async () => {
      await bench.close();
      await Promise.all([exchange.close(), telegram.close()]);
    },
  };
}

/** How a validation gets its GO is another procedure's. */
function writeReport(home: string, deskFile: string): void {
  const folder = join(home, REPORT_FOLDER);
  mkdirSync(folder);
  const report = signReport(readSecret(home, 'decisionKey'), goReport(loadDesk(deskFile).configHash));
  writeFileSync(join(folder, 'validation_report_20260101T000000000Z.json'), JSON.stringify(report));
}
