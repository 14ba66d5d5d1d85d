/** Where a person reads a run: said by commands and notices, as one address of the dashboard. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeLines, withRun } from '../../src/cli/act-on-desk.js';
import { runAddressAt } from '../../src/home/run-address.js';
import { homePaths } from '../../src/home/runtime.js';
import { notify } from '../../src/notify/notify.js';
import { routineNotice } from '../../src/notify/routine-notice.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const RUN = 'routine:crypto-bot:daily:2026-03-02T00:00:00.000Z';
const ADDRESS = `http://127.0.0.1:8000/#run=${encodeURIComponent(RUN)}`;
const OUTCOME = { ok: true, proven: true, detail: 'done', haltId: null, workflowId: RUN, problems: [] };

const home = mkdtempSync(join(tmpdir(), 'fermata-run-'));
const before = process.env.FERMATA_HOME;
let database: TestDatabase;

function desk(uiAddress: string | null): void {
  const runtime = { web: { host: '0.0.0.0', port: 8000 }, temporal: { kind: 'managed', uiAddress } };
  mkdirSync(homePaths(home).run, { recursive: true });
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
}

beforeAll(async () => {
  process.env.FERMATA_HOME = home;
  desk('http://127.0.0.1:8233');
  database = await createTestDatabase();
});
afterAll(async () => {
  if (before === undefined) delete process.env.FERMATA_HOME;
  else process.env.FERMATA_HOME = before;
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

describe('the run that something is about', () => {
  it('is an address of the page, in the output of commands and for scripts', () => {
    expect(withRun(OUTCOME).run).toBe(ADDRESS);
    expect(outcomeLines('routine daily', OUTCOME).join('\n')).toContain(ADDRESS);
    expect(withRun({ ...OUTCOME, workflowId: null }).run).toBeNull();
  });

  it('stands whole in its notice, however long the text is', async () => {
    const problems = [{ name: 'Long', verdict: 'fail', observed: 'x'.repeat(5_000) }] as const;
    const notice = routineNotice({ desk: 'crypto-bot', workflowId: RUN, firstRunId: 'f' }, 'fail', {
      title: 'Daily',
      problems,
    });
    if (notice === null) throw new Error('a failure is told');
    await notify(database.pool, notice, home);
    const { rows } = await database.pool.query<{ body: string }>('select body from notice');
    expect(rows[0]?.body.endsWith(`Its run: ${ADDRESS}`)).toBe(true);
    expect(rows[0]?.body.length).toBeLessThanOrEqual(3_500);
  });

  it('is not said where no UI of Temporal’s is behind our sign-in', () => {
    desk(null);
    expect(runAddressAt(home, RUN)).toBeNull();
    expect(outcomeLines('routine daily', OUTCOME).join('\n')).not.toContain('http');
  });
});
