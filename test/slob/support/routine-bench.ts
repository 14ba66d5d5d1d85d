/** The steps of the desk's routines, as its file has them, on the real store and a trader that the test scripts. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runHttp } from '../../../src/activities/operations/own-step.js';
import { runCommand } from '../../../src/activities/operations/run-command-step.js';
import { backupIdAt, backupsFolder } from '../../../src/backup/backup-folder.js';
import { writeManifest } from '../../../src/backup/manifest.js';
import { ACTIONS } from '../../../src/checks/actions/registry.js';
import { ownParts } from '../../../src/checks/own-parts.js';
import type { BackupTag } from '../../../src/contracts/backup.js';
import type { Verdict } from '../../../src/contracts/evidence.js';
import type { StepParameters } from '../../../src/contracts/routine.js';
import type { TraderStatus } from '../../../src/contracts/trader-status.js';
import { resolveDesk } from '../../../src/desk/resolve-desk.js';
import { homePaths, type Runtime, SECRET_FILES } from '../../../src/home/runtime.js';
import { REPORTS } from '../../../src/reports/registry.js';
import { saveBackup } from '../../../src/store/backup-rows.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { CheckBench, NOW } from '../../checks/check-bench.js';
import { ScriptedTrader } from '../../workflows/support/scripted-trader.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DESK_FILE = resolveDesk('slob');
const { desk: SLOB, configHash } = loadDesk(DESK_FILE);
const NOT_NOTED = { add: async () => undefined, remove: async () => undefined };

/** `unfinished`: it threw, which a routine writes down as failed. */
export type Ended = Verdict | 'unfinished';

export class RoutineBench extends CheckBench {
  port = 0;
  #notes = 0;
  #notices = 0;

  constructor() {
    super(DESK_FILE);
  }

  /** Beside a desk whose trades, orders, equity and alerts are never those of the desk under test. */
  override async open(): Promise<void> {
    await super.open();
    super.renew();
    for (const daysAgo of [0.01, 0.5, 3.5, 20]) {
      await this.closed(daysAgo * 24, -7_777, -7);
      await this.ordered(`other-${daysAgo}`, 'entry', 'rejected', daysAgo * 24);
      await this.equityAt(NOW - daysAgo * DAY, 7_777 * (1 + daysAgo));
      await this.noticed('setup', 'critical', daysAgo);
    }
  }

  /** Quiet: everything is as the runbook wants it. */
  override renew(): void {
    super.renew();
    this.trader = new ScriptedTrader('abc123', configHash);
    this.trader.market = { state: 'up', lastQuoteAgeMs: 12 };
    this.trader.readAtWallMs = Date.now();
    const { host, port, database, password } = this.database;
    const { secrets } = homePaths(this.home);
    mkdirSync(secrets, { recursive: true, mode: 0o700 });
    writeFileSync(join(secrets, SECRET_FILES.postgresPassword), password, { mode: 0o600 });
    const runtime = {
      ...{ home: this.home, deskFile: DESK_FILE, configHash, web: { port: this.port } },
      postgres: { host, port, database },
    };
    this.context = {
      ...{ desk: { ...SLOB, desk: this.context.desk.desk }, trader: this.trader.client },
      ...{ runtime: runtime as unknown as Runtime, pool: this.database.pool },
    };
    this.says({});
    this.removeLog();
    this.writeLog();
    this.writeTradingLog([]);
  }

  says(change: Partial<TraderStatus>): void {
    const status = ScriptedTrader.prototype.status.bind(this.trader);
    this.trader.status = () => ({ ...status(), ...change });
  }

  writeLog(...lines: readonly (readonly [hoursAgo: number, level: string, message: string])[]): void {
    const text = lines.map(([hoursAgo, level, message]) => {
      const time = new Date(Date.now() - hoursAgo * HOUR).toISOString();
      return `${JSON.stringify({ time, role: 'trader', level, message })}\n`;
    });
    mkdirSync(join(this.home, 'logs'), { recursive: true });
    writeFileSync(join(this.home, 'logs', 'fermata.jsonl'), text.join(''));
  }

  /** Oldest first; `file` of a day before is `trading.log.2026-03-01`. */
  writeTradingLog(
    lines: readonly (readonly [hoursAgo: number, level: string, kind: string, message: string])[],
    file = 'trading.log',
  ): void {
    const text = lines.map(([hoursAgo, level, kind, message]) => {
      const time = new Date(Date.now() - hoursAgo * HOUR).toISOString();
      return `${time} ${'trader'.padEnd(17)} ${level.padEnd(5)} ${kind.padEnd(5)} ${'-'.padEnd(8)} ${message}\n`;
    });
    writeFileSync(join(this.home, 'logs', file), text.join(''));
  }

  removeLog(): void {
    rmSync(join(this.home, 'logs'), { recursive: true, force: true });
  }

  async backupTaken(hoursAgo: number, bytes = 1): Promise<void> {
    const takenMs = Date.now() - hoursAgo * HOUR;
    const id = `b-${hoursAgo}`;
    const folder = join(backupsFolder(this.home), id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'database.dump'), Buffer.alloc(bytes));
    const backup = { desk: this.context.desk.desk, id, folder, takenMs, verifiedMs: takenMs };
    await saveBackup(this.database.pool, { ...backup, bytes, rows: 1, manifestSha256: '' });
  }

  /** Manifests on the disk, as of backups that were taken; those of before are gone. */
  async backupsHere(
    ...daysAgo: readonly (number | readonly [days: number, tag: BackupTag])[]
  ): Promise<void> {
    rmSync(backupsFolder(this.home), { recursive: true, force: true });
    for (const one of daysAgo) {
      const [days, tag] = typeof one === 'number' ? ([one, null] as const) : one;
      const takenMs = Date.now() - days * 24 * HOUR;
      const id = backupIdAt(takenMs);
      const folder = join(backupsFolder(this.home), id);
      mkdirSync(folder, { recursive: true });
      const sum = '0'.repeat(64);
      await writeManifest(folder, {
        ...{
          version: 1,
          id,
          desk: this.context.desk.desk,
          takenMs,
          tag,
          configHash: '',
          encryption: null,
          files: [],
        },
        versions: { fermata: '', node: '', postgres: '', pgDump: '', schema: [] },
        database: { name: '', sizeBytes: 0, tables: [] },
        ...{ journal: null, restingAccounts: null, ledger: null, evidence: { count: 0, head: sum } },
      });
    }
  }

  /** A trade of one contract that was closed, by its target. */
  async closed(hoursAgo: number, result: number, r: number, quantity = '1'): Promise<void> {
    const at = new Date(NOW - hoursAgo * HOUR);
    await this.database.pool.query(
      `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, entry_price, exit_price, result,
         fees, r, why, config_hash, opened, market, wall, simulated)
       values ($1, 'abc123', $2, $3, 'NQ/USD', 'slob', 'short', $7, 15011, 14976.25, $4, 4.5, $5, 'target 1 of 1', 'hash', $6, $6, $6, true)`,
      [this.context.desk.desk, `t${hoursAgo}`, Math.round(hoursAgo * 1_000), result, r, at, quantity],
    );
  }

  async ordered(id: string, purpose: string, state: string, hoursAgo = 1): Promise<void> {
    await this.database.pool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
         created_market, created, updated) values ($1, $2, 'NQ/USD', 'sell', 'limit', $3, 'slob', $4, 1, 15011, true, $5, $5, $5)`,
      [this.context.desk.desk, id, purpose, state, new Date(NOW - hoursAgo * HOUR)],
    );
  }

  /** What people were told of; `daysAgo` by this machine's clock. */
  async noticed(event: string, severity: string, daysAgo: number): Promise<void> {
    this.#notices += 1;
    await this.database.pool.query(
      `insert into notice (desk, fingerprint, event, severity, title, body, created) values ($1, $2, $3, $4, '', '', $5)`,
      [
        this.context.desk.desk,
        `notice ${this.#notices}`,
        event,
        severity,
        new Date(Date.now() - daysAgo * DAY),
      ],
    );
  }

  /** What the strategy notes in the journal. */
  async noted(hoursAgo: number, text: string): Promise<void> {
    const marketMs = NOW - hoursAgo * HOUR;
    const record = { type: 'note', level: 'info', text, strategy: 'slob', symbol: 'NQ/USD', marketMs };
    this.#notes += 1;
    await this.database.ownerPool.query(
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
       values ($1, 'abc123', $2, to_timestamp($3), 'note', $4, '')`,
      [this.context.desk.desk, this.#notes, marketMs / 1_000, JSON.stringify(record)],
    );
  }

  /** `named`: routine and key of the step; `given` instead of what the desk file gives it. */
  async run(
    named: string,
    given?: StepParameters,
  ): Promise<{ readonly verdict: Ended; readonly observed: string }> {
    const step = this.stepOf(named);
    const { check, report, http, command, action } = step;
    const { context } = this;
    const run = { desk: context.desk.desk, workflowId: 'w', firstRunId: 'f', runId: 'r' };
    try {
      if (http !== undefined) {
        const asked = { stepKey: step.key, attemptGroup: 0, step, marketMs: null };
        return await runHttp(context, run, asked, new AbortController().signal);
      }
      if (command !== undefined) {
        const asked = { stepKey: step.key, attemptGroup: 0, step, marketMs: null };
        return await runCommand(context, NOT_NOTED, run, asked, new AbortController().signal);
      }
      const ours = ACTIONS.get(action ?? '');
      if (ours !== undefined) return await ours({ ...context, marketMs: NOW }, given ?? step.with);
      const own = ownParts(context.runtime, NOT_NOTED);
      if (check !== undefined)
        return await (own.checks.get(check)?.(context, step.with) ?? this.check(check, step.with));
      const made = own.reports.get(report ?? '') ?? REPORTS.get(report ?? '');
      if (made === undefined) throw new TypeError(`${named} is neither check, report nor action of ours`);
      return { verdict: 'pass', observed: await made({ ...context, marketMs: NOW }, step.with) };
    } catch (error) {
      if (error instanceof TypeError) throw error;
      return { verdict: 'unfinished', observed: String(error) };
    }
  }

  stepOf(named: string) {
    const [routine, key] = named.split(' ');
    const step = SLOB.routines.find(({ name }) => name === routine)?.steps.find((one) => one.key === key);
    if (step === undefined) throw new TypeError(`the desk file has no step ${named}`);
    return step;
  }
}
