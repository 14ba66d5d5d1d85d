/** The SLOB desk at a simulated IB Gateway, with a Telegram, a mail server and a storage of another machine of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startIbkrSimulator } from '../../../simulators/ibkr/start.js';
import { DEFAULT_KEYS } from '../../../simulators/s3/start.js';
import { startSmtpSimulator } from '../../../simulators/smtp/start.js';
import { startOffsite } from '../../backup/offsite-bench.js';
import { deskUnderTest } from '../desk-under-test.js';
import { type Bench, benchBeside } from './bench.js';
import { slobDeskForKills } from './slob-desk-file.js';
import { openTelegram } from './telegram.js';

/** `options`: more of `fermata up`. */
export async function openSlobBench(...options: string[]): Promise<Bench> {
  const gateway = await startIbkrSimulator({
    accounts: [{ id: 'DU1234567', cash: '100000.00' }],
    walkMs: 500,
  });
  const [telegram, mail, storage] = await Promise.all([openTelegram(), startSmtpSimulator(), startOffsite()]);
  const [key] = DEFAULT_KEYS;
  const desk = deskUnderTest('slob', {
    ...telegram.variables,
    ...{ SMTP_SERVER: '127.0.0.1', SMTP_PORT: String(mail.port), SENDER_EMAIL: 'desk@fermata.example' },
    ...{ AWS_ACCESS_KEY_ID: key?.id ?? '', AWS_SECRET_ACCESS_KEY: key?.secret ?? '' },
  });
  const folder = mkdtempSync(join(tmpdir(), 'fermata-kills-'));
  const file = slobDeskForKills(folder, storage);
  await desk.up('--desk', file, '--simulated-venue', gateway.address, ...options);
  return benchBeside(desk, folder, [gateway, telegram, mail, storage]);
}
