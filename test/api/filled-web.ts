/** The web server beside a ledger with round trips, equity and an audit trail; settings answer as the test says. */
import { expect } from 'vitest';
import type { Caller } from '../../src/operations/operation.js';
import type { SettingsResult } from '../../src/operations/settings/ask-for-approval.js';
import type { SettingsRequest } from '../../src/operations/settings/change-settings.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { scriptedPeople } from './scripted-people.js';
import { DESK, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

export const START = '2026-01-05T10:00:00Z';

const RESULT: SettingsResult = {
  state: 'applied',
  detail: 'settings version 1',
  changes: [],
  loosening: [],
  version: 1,
  configHash: 'c0ffee',
  approvalId: null,
  workflowId: null,
  problems: [],
};

export class FilledWeb {
  readonly asked: (SettingsRequest & Caller)[] = [];
  /** How a change of settings ends, besides what it usually says. */
  settingsEnd: Partial<SettingsResult> = {};
  database!: TestDatabase;
  web!: WebUnderTest;
  readonly #tokens: Record<string, string> = {};

  static async open(): Promise<FilledWeb> {
    const filled = new FilledWeb();
    await filled.#start();
    return filled;
  }

  async #start(): Promise<void> {
    const { readSettings = () => Promise.reject(new Error('not scripted')) } = scriptedPeople({
      changed: [],
      votes: [],
    });
    this.database = await createTestDatabase();
    await fill(this.database);
    const changeSettings = async (caller: Caller, request: SettingsRequest): Promise<SettingsResult> => {
      this.asked.push({ ...request, ...caller });
      return { ...RESULT, ...this.settingsEnd };
    };
    const changed = async () => ({ ...(await readSettings()), version: 4, fileConfigHash: 'f11e' });
    this.web = await startWebUnderTest(this.database.pool, {}, { readSettings: changed, changeSettings });
    for (const person of ['operator', 'vera', 'otto', 'anna'])
      this.#tokens[person] = (await this.web.signIn(person)).accessToken;
  }

  /** `person`: null for nobody. */
  call(method: string, path: string, person: string | null, body?: unknown): Promise<Response> {
    return this.web.call(method, path, {
      ...(person === null ? {} : { token: this.#tokens[person] as string }),
      ...(body === undefined ? {} : { body }),
    });
  }

  async read<T>(path: string, person = 'vera'): Promise<T> {
    const answer = await this.call('GET', path, person);
    expect(answer.status, path).toBe(200);
    return (await answer.json()) as T;
  }

  async close(): Promise<void> {
    await this.web.stop();
    await this.database.drop();
  }
}

async function fill({ ownerPool }: TestDatabase): Promise<void> {
  const fills: readonly (readonly [string, number, string, string, number, number])[] = [
    ['BTC/USDT', 1, 'buy', '2', 0, 1],
    ['BTC/USDT', 2, 'sell', '1', 10, 1],
    ['BTC/USDT', 3, 'sell', '1', 10, 1],
    ['ETH/USDT', 4, 'buy', '5', 0, 1],
    ['ETH/USDT', 5, 'sell', '5', -4, 1],
    ['ETH/USDT', 6, 'buy', '5', 0, 1],
  ];
  for (const [symbol, n, side, quantity, realised, fee] of fills) {
    await ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, $2, $3::text, 'f' || $3, $4, $5, 100, $6, 'maker', 'entry', 'ema-cross', $7, true,
         $8::timestamptz + $3::int * interval '1 minute', now(), 'abc', $3::int)`,
      [DESK, symbol, n, side, quantity, fee, realised, START],
    );
  }
  await ownerPool.query(
    `insert into equity select $1, $2::timestamptz + n * interval '30 minutes', e, 10100, 9000, 0, true
     from (values (0, 10000), (1, 10100), (2, 9999), (3, 9898), (4, 10000)) points (n, e)`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into audit (desk, person, via, action, parameters, outcome, wall)
     select desk, case when n % 2 = 0 then 'otto' else 'anna' end, case when n % 3 = 0 then 'telegram' else 'web' end,
       case when n % 4 = 0 then 'stop' else 'resume' end, '{"reason":"r"}', 'proven',
       $2::timestamptz + n * interval '1 hour' + interval '0.4 milliseconds'
     from generate_series(1, 24) n, (values ($1), ('another-desk')) desks (desk)`,
    [DESK, START],
  );
}
