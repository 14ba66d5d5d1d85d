/**
 * Backup, verification and restore drill of a desk with a million fills: in Postgres, in the ledger's copy of the
 * journal, and in the journal itself. `FERMATA_BENCH_FILLS` makes it smaller.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { backupIdAt } from '../src/backup/backup-folder.js';
import { runDrill } from '../src/backup/drill/run-drill.js';
import { sizeOf } from '../src/backup/manifest.js';
import { takeBackup } from '../src/backup/take-backup.js';
import { verifyBackup } from '../src/backup/verify-backup.js';
import { MONEY_SCALE } from '../src/domain/money.js';
import type { EngineRecord, JournalEntry } from '../src/engine/record.js';
import { deskPaths, homePaths } from '../src/home/runtime.js';
import { migrate } from '../src/store/migrate.js';
import { freePort } from '../src/supervisor/free-port.js';
import { startPostgres } from '../src/supervisor/start-postgres.js';
import { openJournal } from '../src/trader/journal/open-journal.js';
import { readJournal } from '../src/trader/journal/read-journal.js';
import { coins } from '../test/support/engine-config.js';
import { atLength, print } from './print.js';

const FILLS = Number(process.env.FERMATA_BENCH_FILLS ?? atLength(1_000_000, 2_000));
const DESK = 'crypto-bot';
const DATABASE = 'fermata';
const BATCH = 5_000;
const START_MS = Date.UTC(2026, 0, 5);

/** Every journal begins with one: without it a replay knows no instruments. */
function configRecord(): EngineRecord {
  const instruments = coins(['BTC', 'ETH']);
  const symbols = instruments.map(({ symbol }) => symbol);
  const startingCash = 10_000 * MONEY_SCALE;
  return {
    ...{ type: 'config', configHash: 'bench', desk: DESK, symbols, instruments, startingCash },
    marketMs: START_MS,
  };
}

/** Bought and sold in turn, so that nothing grows. */
function fillRecord(number: number): EngineRecord {
  const trip = Math.floor(number / 2);
  return {
    type: 'fill',
    fill: {
      tradeId: `t${number}`,
      clientId: `fabc123${number.toString(36)}`,
      instrument: trip % 2,
      side: number % 2 === 0 ? 'buy' : 'sell',
      quantityLots: 10 + (trip % 100),
      priceTicks: 5_000_000 + (number % 10_000),
      fee: 1_000_000 + number,
      liquidity: 'maker',
      marketMs: START_MS + number * 1_000,
      simulated: true,
    },
  };
}

async function writeJournal(directory: string): Promise<void> {
  const { journal } = await openJournal({ directory });
  journal.append(configRecord(), START_MS);
  for (let at = 0; at < FILLS; at += BATCH) {
    let last = 0;
    for (let number = at; number < Math.min(FILLS, at + BATCH); number += 1)
      last = journal.append(fillRecord(number), START_MS + number);
    await journal.whenDurable(last);
  }
  await journal.close();
}

/** As the ledger leaves them, without its work of getting there. */
async function fillTables(pool: Pool, directory: string): Promise<void> {
  let batch: JournalEntry[] = [];
  let last: JournalEntry | undefined;
  const flush = async (): Promise<void> => {
    await pool.query(
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
       select $1, $2, sequence, to_timestamp(wall / 1000.0), record->>'type', record, chain
         from unnest($3::bigint[], $4::float8[], $5::jsonb[], $6::text[]) as given (sequence, wall, record, chain)`,
      [
        DESK,
        batch[0]?.incarnation,
        batch.map(({ sequence }) => sequence),
        batch.map(({ wallMs }) => wallMs),
        batch.map(({ record }) => JSON.stringify(record)),
        batch.map(({ chain }) => chain),
      ],
    );
    batch = [];
  };
  for (const entry of readJournal(directory)) {
    batch.push(entry);
    last = entry;
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  await pool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, market, wall, incarnation, sequence)
     select $1, 'BTC/USDT', record->'fill'->>'tradeId', record->'fill'->>'clientId', record->'fill'->>'side', 0.001,
       50000, 0.05, 'maker', 'entry', 'ema-cross', 0, true, wall, wall, incarnation, sequence from journal_entry where type = 'fill'`,
    [DESK],
  );
  await pool.query('insert into ledger_cursor (desk, incarnation, sequence, chain) values ($1, $2, $3, $4)', [
    DESK,
    last?.incarnation,
    last?.sequence,
    last?.chain,
  ]);
}

/** How long each phase took, until the next one began. */
class Phases {
  readonly #begun: { readonly name: string; readonly atMs: number }[] = [];

  begin(name: string): void {
    this.#begun.push({ name, atMs: performance.now() });
  }

  print(of: string): void {
    const ends = [...this.#begun.slice(1).map(({ atMs }) => atMs), performance.now()];
    for (const [index, { name, atMs }] of this.#begun.entries())
      print(`${of}: ${name}`, ((ends[index] ?? atMs) - atMs) / 1_000, 's');
  }
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const beganMs = performance.now();
  const result = await work();
  print(`${name} of ${FILLS} fills`, (performance.now() - beganMs) / 1_000, 's');
  return result;
}

const home = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
const owner = { host: '127.0.0.1', port: await freePort(), user: 'fermata', password: 'bench' };
const directory = join(home, 'postgres');
const server = await startPostgres({ ...owner, directory, logFile: join(home, 'postgres.log') });
try {
  await migrate(owner, DATABASE, 'bench-app');
  const { journal } = deskPaths(homePaths(home), DESK);
  const pool = new Pool({ ...owner, database: DATABASE });
  await writeJournal(journal);
  await fillTables(pool, journal);
  await pool.end();
  const id = backupIdAt(Date.now());
  const runtime = { home, desk: DESK, configHash: 'bench' };
  const deskText = 'desk: crypto-bot\n';
  const connection = { ...owner, database: DATABASE };
  const phases = new Phases();
  const request = {
    id,
    runtime,
    deskText,
    connection,
    nowMs: Date.now,
    onPhase: (name: string) => phases.begin(name),
  };
  const taken = await timed('backup', () => takeBackup(request));
  phases.print('backup');
  if (!taken.ok) throw new Error(taken.why);
  print('size of the backup', sizeOf(taken.manifest).bytes / 2 ** 20, 'MiB');
  const verification = await timed('verification', () => verifyBackup(taken.folder));
  if (!verification.ok) throw new Error(verification.problems.join('; '));
  const drill = await timed('restore drill', () => runDrill({ home, backupId: id }));
  if (!drill.passed) throw new Error(JSON.stringify(drill.steps));
  for (const { title, tookMs } of drill.steps) print(`restore drill: ${title}`, tookMs / 1_000, 's');
  print('peak memory of this process', process.resourceUsage().maxRSS / 1_024, 'MiB');
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
