/**
 * Over the wire against the Bot API simulator, with Postgres and Temporal as the product runs them: from a tap on
 * Approve to the workflow going on, and from an alert's cause to Telegram having it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { notify } from '../src/notify/notify.js';
import { migrate } from '../src/store/migrate.js';
import { freePort } from '../src/supervisor/free-port.js';
import { startPostgres } from '../src/supervisor/start-postgres.js';
import { resolveTemporal } from '../src/supervisor/temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../src/supervisor/temporal/server-options.js';
import { chooseTemporalPorts, startTemporal } from '../src/supervisor/temporal/start-temporal.js';
import { TELEGRAM_TIMING } from '../src/telegram/run-telegram.js';
import { type ApprovalBench, openApprovalBench } from '../test/telegram/support/approval-bench.js';
import { ALERTS_CHAT, ANNA } from '../test/telegram/support/bot-bench.js';
import { atLength, median, print } from './print.js';

const RUNS = atLength(20, 2);
const PATIENCE_MS = 30_000;
/** Telegram takes one message a second in one chat: each run waits for its turn before it is timed. */
const PAUSE_MS = 1_500;

const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
const owner = { host: '127.0.0.1', port: await freePort(), user: 'fermata', password: 'owner' };
const postgres = await startPostgres({
  ...owner,
  directory: join(folder, 'postgres'),
  logFile: join(folder, 'postgres.log'),
});
await migrate(owner, 'fermata', 'app');
const resolved = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
if (resolved.kind !== 'binary') throw new Error('a Temporal binary is needed');
const temporal = await startTemporal({
  binary: resolved.path,
  ports: await chooseTemporalPorts(),
  database: join(folder, 'temporal.db'),
  logFile: join(folder, 'temporal.log'),
});
const pool = new Pool({ ...owner, database: 'fermata', user: 'fermata_app', password: 'app' });

async function until<T>(look: () => T | undefined): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error('it did not happen in time');
    await sleep(2);
  }
}

async function tapToEffect(bench: ApprovalBench): Promise<number> {
  const asked = await bench.ask();
  const message = await until(() =>
    bench.sent(ANNA).find(({ text, reply_markup: markup }) => markup && text.includes(asked.request.id)),
  );
  await sleep(PAUSE_MS);
  const startedMs = performance.now();
  bench.simulator.simulation.tap(ANNA, { chatId: ANNA, messageId: message.message_id }, 'Approve');
  await asked.result;
  return performance.now() - startedMs;
}

async function causeToTelegram(bench: ApprovalBench, run: number): Promise<number> {
  await sleep(PAUSE_MS);
  const startedMs = performance.now();
  const fingerprint = `bench ${run};`;
  const notice = {
    desk: bench.desk.desk,
    event: 'halt',
    severity: 'critical',
    text: 'x',
    fingerprint,
  } as const;
  await notify(pool, { ...notice, title: fingerprint });
  await until(() => bench.sent(ALERTS_CHAT).find(({ text }) => text.includes(fingerprint)));
  return performance.now() - startedMs;
}

/** What the approvals still have to tell would stand before the first alert. */
async function allDelivered(): Promise<void> {
  for (;;) {
    const waiting = await pool.query("select 1 from outbox where state in ('pending', 'sending')");
    if (waiting.rowCount === 0) return;
    await sleep(500);
  }
}

try {
  const database = { pool, drop: () => pool.end() };
  const address = { address: temporal.address, namespace: TEMPORAL_NAMESPACE };
  const bench = await openApprovalBench({ database, address }, TELEGRAM_TIMING);
  await bench.link('anna', ANNA);
  bench.start();
  const taps: number[] = [];
  const alerts: number[] = [];
  for (let run = 0; run < RUNS; run += 1) taps.push(await tapToEffect(bench));
  await allDelivered();
  for (let run = 0; run < RUNS; run += 1) alerts.push(await causeToTelegram(bench, run));
  print('approval: tap to the workflow going on, median', median(taps), 'ms');
  print('approval: tap to the workflow going on, worst', Math.max(...taps), 'ms');
  print('alert: cause to Telegram, median', median(alerts), 'ms');
  print('alert: cause to Telegram, worst', Math.max(...alerts), 'ms');
  await bench.close();
} finally {
  await temporal.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
