/** The shipped desk of the SLOB runbook: it trades, and its database is restored. */

import { closeSync, cpSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupsFolder } from '../../src/backup/backup-folder.js';
import { ownerConnection } from '../../src/backup/pg-programs.js';
import { homePaths } from '../../src/home/runtime.js';
import { withClient } from '../../src/store/migrate.js';
import { runtimeOf, withStore } from '../support/desk-store.js';
import { until } from '../support/eventually.js';
import { slobDesk } from './support/slob-desk.js';

const { desk, file, address, up, active, shown, questionLike } = slobDesk();

it('trades the broker’s paper account without a go-live, and does what its runbook says', async () => {
  const screen = await up();
  expect(screen).toMatchObject({
    trading: 'paper',
    account: { name: 'Interactive Brokers simulator' },
    prices: 'live: ibkr simulator public quotes',
  });
  expect(await active()).toMatchObject({ cash: '100000.00', goLive: { required: false } });

  type Step = { readonly key: string; readonly verdict: string };
  const { steps } = await shown<{ readonly steps: readonly Step[] }>('run', 'pre-market');
  const verdicts = Object.fromEntries(steps.map(({ key, verdict }) => [key, verdict]));
  expect(verdicts, JSON.stringify(steps)).toMatchObject({
    ...{ data: 'pass', drawdown: 'pass', risk: 'pass' },
    // They answer, late where the machine is busy.
    ...{ venue: expect.stringMatching(/pass|warn/), database: expect.stringMatching(/pass|warn/) },
    // None was taken yet, so there is nothing to look at, unless the nightly one was due just now.
    backup: expect.stringMatching(/not_run|pass/),
  });

  const schedules = JSON.stringify(await shown('schedules'));
  for (const routine of ['morning', 'quick-check', 'hourly-review', 'close', 'friday', 'monthly', 'backup'])
    expect(schedules).toContain(`"${routine}"`);
  expect(await shown('preflight', '--desk', file)).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${address()}`,
    verdict: 'warn',
  });
  const ready = await shown<{ readonly readiness: { passed: number; looked: number; readyPct: number } }>(
    'status',
  );
  expect(ready).toMatchObject({
    runbook: { version: '2.0', updated: '2025-12-26' },
    readiness: { verdict: 'warn' },
  });
  const { passed, looked, readyPct } = ready.readiness;
  expect([passed > 0, passed < looked, readyPct]).toEqual([true, true, Math.floor((100 * passed) / looked)]);
  expect(await shown('connection', 'test', '--desk', 'slob')).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${address()}`,
    parts: [
      { title: 'session', observed: 'established' },
      { title: 'market data', verdict: 'pass' },
      { title: 'account balance', observed: expect.stringMatching(/^\d+\.\d\d USD$/) },
    ],
    verdict: 'pass',
  });
  expect(await shown('backup')).toMatchObject({ proven: true });
});

it('starts the trader again by itself, where it was: at the paper account, and halted', async () => {
  await desk.ask('stop', '--reason', 'a person wants it');
  const [before, pids] = [await desk.status(), desk.pids()];
  await shown('restart', 'trader');
  expect(await desk.status()).toMatchObject({ mode: 'HALTED', trading: 'paper', account: before.account });
  expect(desk.pids().get('trader')).not.toBe(pids.get('trader'));
  expect(new Map([...desk.pids(), ['trader', 0]])).toEqual(new Map([...pids, ['trader', 0]]));
});

it('restores the newest good backup of a database that was damaged on the disk, once a person agrees', async () => {
  const backups = backupsFolder(desk.home);
  const good = readdirSync(backups).at(-1) ?? '';
  const newer = '2099-01-01T00-00-00-000Z';
  cpSync(join(backups, good), join(backups, newer), { recursive: true });
  writeFileSync(join(backups, newer, 'desk.yaml'), 'desk: slab');
  await damageDatabase();
  const before = await desk.status();
  await shown('incident', 'open', 'Numbers look wrong', '--kind', 'database-corruption');
  const question = await questionLike(/:restore$/);
  expect(await shown('approvals')).toContainEqual(expect.objectContaining({ id: question }));
  await desk.signIn('operator', 'before-the-rotation');
  const agreed = await desk.ask('approve', question, '--reason', 'looked at it');
  expect(agreed.code, agreed.stdout + agreed.stderr).toBe(0);

  const caughtUp = 'Ledger caught up, positions as at the broker';
  await until(
    'the ledger caught up',
    () =>
      withStore(desk, async (pool) => {
        const { rows } = await pool.query('select from evidence where name = $1', [caughtUp]);
        return rows.length > 0;
      }),
    300_000,
  );
  // Another one may have been opened since, as by prices that were late after the start.
  const open = await shown<readonly { id: string; kind: string }[]>('incidents');
  const corruption = open.find(({ kind }) => kind === 'database-corruption')?.id ?? '';
  type Timeline = { readonly timeline: readonly { name: string; verdict: string; observed: string }[] };
  const { timeline } = await shown<Timeline>('incidents', corruption);
  const found = (name: string) => timeline.find((step) => step.name === name);
  expect(found('Restore the newest good backup')).toMatchObject({
    verdict: 'pass',
    observed: expect.stringMatching(
      new RegExp(
        `backup ${good} is in the place of the database.*newer backup ${newer} is damaged: desk.yaml`,
      ),
    ),
  });
  expect(found('Before the restore')?.observed).toMatch(/Database whole.*damaged_here/);
  expect(found('Restored database whole')).toMatchObject({ verdict: 'pass' });
  expect(found('Restore it by hand')).toMatchObject({ verdict: 'not_run' });
  expect(found(caughtUp)).toMatchObject({ verdict: 'pass' });
  const now = await desk.status();
  expect(now).toMatchObject({ mode: 'HALTED', incarnation: before.incarnation, account: before.account });
  const reason = expect.stringContaining(`restored the database of backup ${good}`);
  expect(now.halts).toContainEqual(expect.objectContaining({ resume: 'person', by: 'operator', reason }));
  expect((await desk.ask('incident', 'resolve', corruption)).code).toBe(0);
});

/** A page of a table of its own, which nobody has read since the server was started: it has no copy of it. */
async function damageDatabase(): Promise<void> {
  const { database, ...owner } = ownerConnection(runtimeOf(desk));
  const path = await withClient(owner, database, async (client) => {
    await client.query(
      'create table damaged_here (id int primary key, text text) with (autovacuum_enabled = false)',
    );
    await client.query(`insert into damaged_here select n, repeat('x', 100) from generate_series(1, 2000) n`);
    const { rows } = await client.query<{ path: string }>(
      `select pg_relation_filepath('damaged_here') as path`,
    );
    return rows[0]?.path ?? '';
  });
  await shown('restart', 'postgres');
  const table = openSync(join(homePaths(desk.home).postgres, path), 'r+');
  writeSync(table, Buffer.alloc(16, 0x5a), 0, 16, 8_192 + 4_000);
  closeSync(table);
}
