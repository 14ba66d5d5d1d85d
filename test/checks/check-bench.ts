/** Checks and reports on the real store; each test has a desk of its own, and a trader that the test scripts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckContext } from '../../src/checks/check.js';
import { CHECKS } from '../../src/checks/registry.js';
import type { CheckOutcome, StepParameters } from '../../src/contracts/routine.js';
import type { Runtime } from '../../src/home/runtime.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

export const NOW = Date.parse('2026-03-02T10:00:00Z');
export const MINUTE = 60_000;

export class CheckBench {
  readonly home = mkdtempSync(join(tmpdir(), 'fermata-checks-'));
  database!: TestDatabase;
  trader!: ScriptedTrader;
  context!: CheckContext;
  #desks = 0;
  readonly #shipped;

  constructor(deskFile = CRYPTO_DESK_FILE) {
    this.#shipped = loadDesk(deskFile).desk;
  }

  async open(): Promise<void> {
    this.database = await createTestDatabase();
  }

  renew(): void {
    this.#desks += 1;
    this.trader = new ScriptedTrader('abc123');
    const { home, trader, database } = this;
    const desk = { ...this.#shipped, desk: `desk-${this.#desks}` };
    this.context = { runtime: { home } as Runtime, desk, trader: trader.client, pool: database.pool };
  }

  async check(name: string, parameters: StepParameters = {}): Promise<CheckOutcome> {
    const found = CHECKS.get(name);
    if (!found) throw new Error(`no check ${name}`);
    return found(this.context, parameters);
  }

  async equityAt(marketMs: number, equity: number): Promise<void> {
    await this.database.pool.query(
      'insert into equity (desk, market, equity, peak, cash, unrealised, simulated) values ($1, $2, $3, $3, $3, 0, true)',
      [this.context.desk.desk, new Date(marketMs), equity],
    );
  }

  async close(): Promise<void> {
    await this.database?.drop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
