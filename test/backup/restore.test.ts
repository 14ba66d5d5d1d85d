import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupIdAt, backupsFolder, PAPER_BOOK_FOLDER } from '../../src/backup/backup-folder.js';
import { hashFile, type Manifest, readManifest, writeManifest } from '../../src/backup/manifest.js';
import { resetPaper } from '../../src/cli/commands/paper.js';
import { backupToRestore, restoreAsOrdered } from '../../src/cli/restore-in-place.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { tryLockFile } from '../../src/home/file-lock.js';
import {
  isRestoredRow,
  readRestoreMark,
  readRestoreOrder,
  writeRestoreOrder,
} from '../../src/home/restore-mark.js';
import { type DeskPaths, deskPaths, homePaths } from '../../src/home/runtime.js';
import { readSecret } from '../../src/home/secrets.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { verifyLedger } from '../../src/ledger/verify-ledger.js';
import { type ForgedRow, passkeyMaker, telegramMaker } from '../../src/store/access-rows.js';
import { verifyEvidence } from '../../src/store/evidence-rows.js';
import { readPersonLinks } from '../../src/store/people.js';
import { keptThroughLosses, type Pool as StorePool } from '../../src/store/pool.js';
import { keepSeenRuns } from '../../src/store/runs-seen.js';
import { PasskeyTable } from '../../src/store/sign-in-means.js';
import { endLeftChildren, openChildrenFile } from '../../src/supervisor/process-table.js';
import { preflight } from '../../src/supervisor/start/claim-home.js';
import { readTold } from '../../src/trader/journal/followed-group.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { commandsInOneProcess, runCommand } from '../cli/run-command.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { eventually } from '../support/eventually.js';
import { traderHome } from '../trader/spawn-trader.js';
import { DESK, type DeskToBackUp, deskToBackUp, RESTING } from './desk-to-back-up.js';
import {
  type HomesWithBackup,
  BACKUP_ID as ID,
  inServer,
  journalOf,
  openHomesWithBackup,
  restore,
} from './homes-with-backup.js';

/** Whether mail, and runs, of routines are missed only if they were due since the restore: earlier ones are in the database moved aside. */
async function countedFrom(client: Client): Promise<unknown> {
  const { rows } = await client.query(
    `select applies_since > now() - interval '1 hour' as mail, swept_until > now() - interval '1 hour' as runs
       from routine_sweep where desk = $1`,
    [DESK],
  );
  return rows;
}

/** Where what a process of its own leaves is not what is tested. */
const answerOf = commandsInOneProcess();
const PROGRAM = fileURLToPath(new URL('./restore-until.mjs', import.meta.url));
let desk: DeskToBackUp;
let homes: HomesWithBackup;
const homeWithBackup = (more?: 'and server'): string => homes.make(more);

beforeAll(async () => {
  desk = await deskToBackUp();
  // Both had begun: the one that takes this backup, and one that will never end.
  const runs = ['backup', 'validation'].map((type) => ({
    ...{ workflowId: `${type}:${DESK}`, firstRunId: type, runId: type, type, routine: type },
    ...{ startedMs: Date.now(), seenMs: Date.now() },
  }));
  await keepSeenRuns(desk.database.pool, DESK, runs);
  await desk.database.pool.query(
    `insert into routine_sweep (desk, routine, swept_until, missed_catchups) values ($1, 'daily-summary', '2026-01-09', 0)`,
    [DESK],
  );
  await desk.database.pool.query(
    `insert into person_link (desk, telegram_user_id, chat_id, person, mac) values ($1, '7', '7', 'vera', 'by the key of then')`,
    [DESK],
  );
  await desk.database.pool.query(
    `insert into passkey (desk, credential_id, person, name, algorithm, public_key, rp_id, counter, mac, created)
     values ($1, 'id', 'vera', 'phone', -7, 'key', 'localhost', 0, 'by the key of then', now())`,
    [DESK],
  );
  homes = await openHomesWithBackup(desk);
});
afterAll(async () => {
  homes?.dispose();
  await desk?.dispose();
});

const KILLED = {
  type: 'halt',
  halt: {
    haltId: 'cd'.repeat(16),
    mode: 'KILLED',
    scope: { kind: 'desk' },
    cause: 'kill',
    by: 'ben',
    reason: 'it lost its mind',
    resume: 'two-people',
    atWallMs: 0,
    atMarketMs: 0,
  },
} as const satisfies EngineRecord;

const GRANTED = {
  grant: {
    ...{ release: '1', attempt: 1, step: 0, incarnation: 'abc123', configHash: 'hash', haltId: null },
    ...{ fileConfigHash: 'hash', approvedBy: ['anna', 'ben'] },
    size: { maxPositionSizePct: 1, maxConcurrentPositions: 1 },
  },
  ...{ by: 'anna', reason: 'go-live', marketMs: 0 },
};

describe('a desk that is restored', () => {
  it('comes back from nothing but a backup, under a new incarnation, halted until a person has looked', async () => {
    const home = homeWithBackup();
    const { passed, steps } = await restore(home);
    expect(
      steps.map(({ key, verdict, observed }) => (verdict === 'pass' ? key : `${key}: ${observed}`)),
    ).toEqual([
      ...['files', 'space', 'restore', 'tables', 'pages'],
      ...['ledger', 'resting', 'evidence', 'accounts', 'switch'],
    ]);
    expect(passed).toBe(true);
    const entries = [...readJournal(journalOf(home))];
    const before = [...readJournal(journalOf(desk.home))];
    expect(entries.slice(0, -1).map(({ record }) => record)).toEqual(before.map(({ record }) => record));
    expect(entries.at(-1)?.record).toMatchObject({
      type: 'halt',
      halt: { mode: 'HALTED', resume: 'person', by: 'anna', reason: expect.stringContaining(ID) },
    });
    const paths = deskPaths(homePaths(home), DESK);
    expect(readdirSync(paths.paperBook)).toEqual(
      readdirSync(join(backupsFolder(home), ID, PAPER_BOOK_FOLDER)),
    );
    expect(readdirSync(paths.restingAccounts)).toEqual([RESTING]);
    await inServer(home, 'fermata', async (client) => {
      const kept = await client.query('select incarnation from ledger_cursor where desk = $1', [DESK]);
      expect(kept.rowCount).toBeGreaterThan(0);
      const told = await client.query("select person, reference from evidence where routine = 'restore'");
      expect(told.rows).toEqual([{ person: 'anna', reference: ID }]);
      const verified = await client.query('select id from backup where desk = $1 and id = $2', [DESK, ID]);
      expect(verified.rowCount).toBe(1);
      // Who starts here is not told that the backup was abandoned from which all of this comes.
      const seen = await client.query('select type from run_seen where desk = $1', [DESK]);
      expect(seen.rows).toEqual([{ type: 'validation' }]);
      expect(await countedFrom(client)).toMatchObject([{ mail: true }]);
    });
  });

  it('says of each link and passkey that it brought with it, for who has no key of then: nobody forged them', async () => {
    const home = homeWithBackup();
    await restore(home);
    const unknown: string[] = [];
    const onForged = ({ what, person, key }: ForgedRow) =>
      void unknown.push(`${what} of ${person}: ${isRestoredRow(home, key) ? 'restored' : 'forged'}`);
    await inServer(home, 'fermata', async (client) => {
      const pool = client as unknown as StorePool;
      const asked = async () => {
        unknown.length = 0;
        await readPersonLinks(pool, telegramMaker(home), DESK, ['vera'], onForged);
        await new PasskeyTable(pool, DESK, passkeyMaker(home), () => false, onForged).of('vera');
        return unknown;
      };
      expect(await asked()).toEqual(['Telegram link of vera: restored', 'passkey of vera: restored']);
      await client.query(`update person_link set telegram_user_id = '8' where desk = $1`, [DESK]);
      expect(await asked()).toEqual(['Telegram link of vera: forged', 'passkey of vera: restored']);
    });
  });

  it('leaves what was there beside it: nothing is deleted', async () => {
    const home = homeWithBackup('and server');
    // Nothing was there yet: no folder or database is named that nobody would find.
    const first = await restore(home);
    expect(first.kept).toEqual({ folder: null, database: null });
    expect(first.steps.at(-1)?.observed).toBe('no files were there before');
    const paths = deskPaths(homePaths(home), DESK);
    expect(readdirSync(paths.root).filter((name) => name.startsWith('before-restore-'))).toEqual([]);
    writeFileSync(join(paths.account, 'mark'), 'of the desk that was there');
    mkdirSync(homePaths(home).temporal, { recursive: true });
    writeFileSync(join(homePaths(home).temporal, 'mark'), 'runs of then');
    const { kept } = await restore(home);
    expect(readFileSync(join(kept?.folder ?? '', 'account', 'mark'), 'utf8')).toBe(
      'of the desk that was there',
    );
    expect(existsSync(join(kept?.folder ?? '', 'temporal', 'mark'))).toBe(true);
    expect(existsSync(join(paths.account, 'mark'))).toBe(false);
    expect(existsSync(homePaths(home).temporal)).toBe(false);
    await inServer(home, kept?.database ?? '', async (client) => {
      // The first restore had recorded itself there.
      const told = await client.query("select 1 from evidence where routine = 'restore'");
      expect(told.rowCount).toBe(1);
    });
  });

  it('of which the database alone is restored keeps its journal, from which the ledger catches up, HALTED', async () => {
    const home = homeWithBackup('and server');
    const refused = await restore(home, { databaseOnly: true });
    expect([refused.passed, refused.steps.at(-1)?.observed]).toEqual([
      ...[false, 'there is no journal: restore all of the backup'],
    ]);
    cpSync(deskPaths(homePaths(desk.home), DESK).account, deskPaths(homePaths(home), DESK).account, {
      recursive: true,
    });
    const before = [...readJournal(journalOf(home))];
    // Given up once all was proven, and before anything was put in its place.
    const given = new AbortController();
    const onStep = (title: string): void =>
      void (title.startsWith('The journal that is there') && given.abort());
    await expect(restore(home, { databaseOnly: true, onStep, signal: given.signal })).rejects.toThrow(
      'abort',
    );
    expect([readRestoreMark(home), [...readJournal(journalOf(home))]]).toEqual([null, before]);
    const { passed, steps } = await restore(home, { databaseOnly: true });
    expect([passed, steps.find(({ key }) => key === 'journal')?.observed]).toEqual([
      ...[true, expect.stringMatching(/ entries, and [1-9]\d* to catch up$/)],
    ]);
    const after = [...readJournal(journalOf(home))];
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)?.record).toMatchObject({
      ...{ type: 'halt', halt: { resume: 'person', by: 'anna', reason: expect.stringContaining(ID) } },
    });
    expect(await inServer(home, 'fermata', countedFrom)).toEqual([{ mail: true, runs: true }]);
    const followed = await inServer(home, 'fermata', async ({ host, port, user, database }) => {
      const password = readSecret(home, 'postgresPassword');
      // `end` does not wait until a connection is closed, and the server is ended next.
      const pool = keptThroughLosses(
        new Pool({ host, port, database, password, ...(user === undefined ? {} : { user }) }),
      );
      const told = [...readTold(journalOf(home), 1)].map(({ entry, group }) =>
        group === undefined ? entry : { ...entry, groupBytes: group.toString('base64') },
      );
      await applyBatch(pool, { desk: DESK, simulated: true }, told);
      const proof = await verifyLedger(pool, DESK, journalOf(home));
      await pool.end();
      return proof;
    });
    expect(followed).toMatchObject({ equal: true, entries: after.length });
  });

  it('stays stopped by whoever has stopped it since, with what they switched off', async () => {
    const home = homeWithBackup('and server');
    await restore(home);
    const { journal } = await openJournal({ directory: journalOf(home) });
    await journal.whenDurable(journal.append(KILLED, Date.now()));
    await journal.close();
    const { kept } = await restore(home);
    const { restingAccounts, rulesFrom } = deskPaths(homePaths(home), DESK);
    const named = join(restingAccounts, readFileSync(rulesFrom, 'utf8'), 'journal');
    expect(resolve(named)).toBe(resolve(kept?.folder ?? '', 'account', 'journal'));
    expect([...readJournal(named)].at(-1)?.record).toMatchObject(KILLED);
  });

  it('keeps journal and accounts where the database alone is restored, and is halted all the same', async () => {
    const home = homeWithBackup('and server');
    await restore(home);
    const paths = deskPaths(homePaths(home), DESK);
    writeFileSync(join(paths.account, 'mark'), 'of the desk that is there');
    // Of a go-live that the backup knows nothing of: its row goes aside, and nobody would watch it.
    const { journal } = await openJournal({ directory: journalOf(home) });
    await journal.whenDurable(journal.append({ type: 'golive.granted', ...GRANTED }, Date.now()));
    await journal.close();
    const [before, incarnation] = [[...readJournal(journalOf(home))], incarnationOf(home)];
    const { passed, kept } = await restore(home, { databaseOnly: true });
    expect(passed).toBe(true);
    expect(incarnationOf(home)).toBe(incarnation);
    const after = [...readJournal(journalOf(home))];
    expect(after.slice(0, -2)).toEqual(before);
    expect(after.at(-2)?.record).toMatchObject({ type: 'golive.voided', by: 'anna' });
    expect(after.at(-1)?.record).toMatchObject({
      type: 'halt',
      halt: {
        mode: 'HALTED',
        resume: 'person',
        by: 'anna',
        reason: expect.stringContaining(`database of backup ${ID}`),
      },
    });
    expect(existsSync(join(paths.account, 'mark'))).toBe(true);
    await inServer(home, 'fermata', async (client) => {
      const told = await client.query("select name from evidence where routine = 'restore'");
      expect(told.rows).toEqual([{ name: 'Database of a backup restored in the place of the desk’s' }]);
    });
    // That of before, where the first restore had recorded itself.
    await inServer(home, kept?.database ?? '', async (client) => {
      const told = await client.query("select name from evidence where routine = 'restore'");
      expect(told.rows).toEqual([{ name: 'Backup restored in the place of the desk' }]);
    });
    // What is ended once is not ended again.
    await restore(home, { databaseOnly: true });
    const voided = [...readJournal(journalOf(home))].filter(({ record }) => record.type === 'golive.voided');
    expect(voided).toHaveLength(1);
  });

  it('is not touched where one byte of the backup was changed', async () => {
    const home = homeWithBackup();
    const file = join(backupsFolder(home), ID, 'database.dump');
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(file, bytes);
    const { passed, steps, kept } = await restore(home);
    expect([passed, kept]).toEqual([false, null]);
    expect(steps).toMatchObject([{ key: 'files', verdict: 'fail' }]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('is whole in the end however often it is killed while things are put in their places', async () => {
    const home = homeWithBackup('and server');
    await restore(home);
    const paths = deskPaths(homePaths(home), DESK);
    const before = incarnationOf(home);
    const moves = ['account aside', 'account', 'rules-from', 'temporal aside', 'database'];
    for (const until of moves) {
      const args = [PROGRAM, home, ID, until];
      const child = endChildWithThisProcess(spawn(process.execPath, args, { stdio: 'ignore' }));
      const signal = await new Promise((settle) => child.once('exit', (_code, by) => settle(by)));
      expect(signal, until).toBe('SIGKILL');
      expect(readRestoreMark(home)?.backupId, until).toBe(ID);
      expect(() => resetPaper(home, DESK, new Date()), until).toThrow(/restore .* was cut off/);
      await expect(preflight(home, { host: '127.0.0.1', port: 0 }), until).rejects.toThrow(
        /restore .* was cut off/,
      );
      await endLeftChildren(join(homePaths(home).run, 'children.json'));
    }
    const { passed, kept } = await restore(home);
    expect(passed).toBe(true);
    expect(readRestoreMark(home)).toBeNull();
    expect(incarnationOf(home)).not.toBe(before);
    expect([...readJournal(join(kept?.folder ?? '', 'account', 'journal'))].length).toBeGreaterThan(0);
    expect(readdirSync(paths.restingAccounts)).toEqual([RESTING]);
    await inServer(home, 'fermata', async (client) => {
      expect(await verifyEvidence(client as never, DESK)).toMatchObject({ ok: true });
    });
  });
});

/** Each incarnation's journal has a chain of its own from its first segment on. */
const incarnationOf = (home: string): string =>
  readFileSync(join(journalOf(home), readdirSync(journalOf(home)).filter((name) => name !== 'lock')[0] ?? ''))
    .subarray(0, 64)
    .toString('hex');

describe('what people decided since the backup', () => {
  const anna = (commandId: string) => ({ commandId, by: 'anna', reason: 'it lost its mind' });
  const asideAs = 'simulated-303-seed-7';
  const setAside = ({ root, account, restingAccounts, rulesFrom }: DeskPaths): void => {
    mkdirSync(restingAccounts);
    renameSync(account, join(restingAccounts, asideAs));
    mkdirSync(join(root, 'account'));
    writeFileSync(rulesFrom, asideAs);
  };

  it.each<[what: string, kills: boolean, first: (home: string, paths: DeskPaths) => Promise<unknown>]>([
    ['after a restore that never started', true, (home) => restore(home)],
    ['after a reset', false, async (home) => resetPaper(home, DESK, new Date())],
    ['of an account set aside', true, async (_home, paths) => setAside(paths)],
    // As a kill leaves it between the two moves of setting it aside.
    [
      'of an account that is in use all the same',
      true,
      async (_home, { rulesFrom }) => writeFileSync(rulesFrom, asideAs),
    ],
  ])('is taken over by the start that follows a restore: %s', async (_what, kills, first) => {
    const trader = traderHome();
    const { home } = trader.runtime;
    const paths = deskPaths(homePaths(home), DESK);
    homes.fill(home, 'and server');
    const running = await trader.start();
    const { strategies } = await trader.until(({ reconciliation }) => reconciliation.state === 'clean');
    const strategy = strategies[0]?.name ?? '';
    await trader.client.call('toggle', { ...anna('off'), strategy, enabled: false });
    await trader.client.call('resize', { ...anna('smaller'), sizePct: 50, decisions: [] });
    if (kills) await trader.client.call('kill', anna('kill'));
    running.child.kill('SIGTERM');
    await running.exited;

    await first(home, paths);
    expect(await restore(home)).toMatchObject({ passed: true });
    await trader.start();
    const { halts, ...now } = await trader.status();
    expect(now.sizePct).toBe(50);
    expect(now.strategies.find(({ name }) => name === strategy)?.enabled).toBe(false);
    const killed = { cause: 'kill', by: 'anna', resume: 'two-people' };
    expect(halts.filter(({ cause }) => cause === 'kill')).toMatchObject(kills ? [killed] : []);
    expect(existsSync(paths.rulesFrom)).toBe(false);
  });
});

describe('`fermata restore`', () => {
  const refusals: readonly [string, readonly string[], RegExp][] = [
    ['no backup is named', [], /which backup/],
    ['there is none of that id', ['2020-01-01T00-00-00-000Z', '--confirm', DESK], /name one of: 2026-01-10/],
    [
      'it is of another desk',
      [ID, '--desk', 'other', '--confirm', 'other'],
      /is of desk crypto-bot, not other/,
    ],
    ["the desk's name is not given", [ID], /--confirm crypto-bot/],
    [
      'another name is given',
      [ID, '--confirm', 'crypto'],
      /expected the desk's name, crypto-bot; found crypto/,
    ],
  ];
  it('touches nothing where what was asked for is not clear', async () => {
    const home = homeWithBackup();
    for (const [why, args, says] of refusals) {
      const { code, err } = await answerOf(join(home, '..'), ['restore', ...args]);
      expect([code, err], why).toEqual([2, expect.stringMatching(says)]);
    }
    expect(existsSync(join(home, 'desks'))).toBe(false);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('touches nothing where another desk shares the database', async () => {
    const home = homeWithBackup();
    mkdirSync(deskPaths(homePaths(home), 'other').journal, { recursive: true });
    const { code, err } = await answerOf(join(home, '..'), ['restore', ID, '--confirm', DESK]);
    expect([code, err]).toEqual([1, expect.stringContaining('what other kept')]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it("touches nothing where the environment half says that Temporal is somebody else's", async () => {
    const home = homeWithBackup();
    const args = ['restore', ID, '--confirm', DESK];
    const { code, err } = await answerOf(join(home, '..'), args, { TEMPORAL_ADDRESS: 'temporal:7233' });
    expect([code, err]).toEqual([1, expect.stringContaining('FERMATA_TEMPORAL is not external')]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('touches nothing over a desk that runs, whatever is confirmed', async () => {
    const home = homeWithBackup();
    const lock = tryLockFile(join(homePaths(home).run, 'lock'));
    const { code, err } = await answerOf(join(home, '..'), ['restore', ID, '--confirm', DESK]);
    lock?.release();
    expect([code, err]).toEqual([1, expect.stringContaining('fermata down')]);
    mkdirSync(journalOf(home), { recursive: true });
    const trader = tryLockFile(join(journalOf(home), 'lock'));
    const second = await answerOf(join(home, '..'), ['restore', ID, '--confirm', DESK]);
    trader?.release();
    expect([second.code, second.err]).toEqual([1, expect.stringContaining('the trader of crypto-bot runs')]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('ends nothing for a backup that is damaged, and names what it ends for one that is whole', async () => {
    const home = homeWithBackup('and server');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    endChildWithThisProcess(child);
    const ended = once(child, 'exit');
    await openChildrenFile(join(homePaths(home).run, 'children.json')).add('trader', child.pid ?? 0);
    const file = join(backupsFolder(home), ID, 'database.dump');
    const whole = readFileSync(file);
    writeFileSync(
      file,
      whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte)),
    );
    const args = ['restore', ID, '--confirm', DESK];
    const refused = await answerOf(join(home, '..'), args);
    expect([refused.code, refused.out]).toEqual([
      1,
      expect.stringMatching(
        /kept safe: nothing of the desk was touched\n {2}do this: {3}take an older backup/,
      ),
    ]);
    const scratch = await answerOf(join(home, '..'), ['restore', ID, '--to-scratch']);
    expect([scratch.code, scratch.out]).toEqual([
      1,
      expect.stringMatching(/✗ not proven[\s\S]+kept safe: [\s\S]+do this:/),
    ]);
    expect(child.exitCode ?? child.signalCode).toBe(null);
    writeFileSync(file, whole);
    const { code, err } = await runCommand(join(home, '..'), args);
    await ended;
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('… Ended what an earlier start had left: trader\n'),
    ]);
  });

  it('advises room where the disk has too little, not an older backup, which needs as much', async () => {
    const home = homeWithBackup();
    const folder = join(backupsFolder(home), ID);
    const { manifest } = (await readManifest(folder)) as { manifest: Manifest };
    const database = { ...manifest.database, sizeBytes: Number.MAX_SAFE_INTEGER };
    await writeManifest(folder, { ...manifest, database });
    const { code, out } = await answerOf(join(home, '..'), ['restore', ID, '--confirm', DESK]);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/kept safe: nothing of the desk was touched\n {2}do this: {3}make so much room/),
    ]);
    expect(out).not.toContain('take an older backup');
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('proves it on a server of its own and says what it found, and lists the backups that there are', async () => {
    const home = homeWithBackup();
    const listed = await answerOf(join(home, '..'), ['backups', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject([{ id: ID, desk: DESK, problem: null, read: false }]);
    const good = / {2}✓ crypto-bot, .* rows; every byte was read, and it is good$/m;
    expect((await answerOf(join(home, '..'), ['backups', '--verify'])).out).toMatch(good);
    expect((await answerOf(join(home, '..'), ['backups'])).out).not.toMatch(/✓|good/);
    const { code, out } = await answerOf(join(home, '..'), ['restore', '--latest', '--to-scratch', '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([0, { backup: ID, restored: true, passedOver: [] }]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('passes over a newer backup that is damaged, and names it', async () => {
    const home = homeWithBackup();
    const damaged = backupIdAt(Date.UTC(2026, 0, 11));
    const folder = join(backupsFolder(home), damaged);
    cpSync(join(backupsFolder(home), ID), folder, { recursive: true });
    const dump = join(folder, 'database.dump');
    const bytes = readFileSync(dump);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(dump, bytes);
    const args = ['restore', '--latest', '--to-scratch', '--json'];
    const { code, out, err } = await answerOf(join(home, '..'), args);
    const why = 'database.dump was changed: its SHA-256 is another one';
    const passedOver = [{ id: damaged, why }];
    expect([code, JSON.parse(out)]).toMatchObject([0, { backup: ID, restored: true, passedOver }]);
    expect(err).toContain(`! backup ${damaged} is damaged (${why}): it is passed over`);
    rmSync(join(backupsFolder(home), ID), { recursive: true });
    const none = await answerOf(join(home, '..'), args);
    expect([none.code, none.out]).toEqual([1, expect.stringContaining(`no good backup of ${DESK}`)]);
  });
});

describe('`fermata rollback`', () => {
  /** The same once more, taken a week later, and damaged. */
  async function homeWithDamagedNewest(more?: 'and server'): Promise<string> {
    const home = homeWithBackup(more);
    const newer = join(backupsFolder(home), backupIdAt(Date.UTC(2026, 0, 17)));
    cpSync(join(backupsFolder(home), ID), newer, { recursive: true });
    const { manifest } = (await readManifest(newer)) as { manifest: Manifest };
    await writeManifest(newer, {
      ...manifest,
      id: backupIdAt(Date.UTC(2026, 0, 17)),
      takenMs: Date.UTC(2026, 0, 17),
    });
    writeFileSync(join(newer, 'desk.yaml'), 'desk: crypto-b0t\n');
    return home;
  }
  const rollback = (home: string, ...args: readonly string[]) =>
    answerOf(join(home, '..'), ['rollback', ...args, '--confirm', DESK]);

  it('goes back to the newest good backup by itself, the database alone where that is asked for', async () => {
    const home = await homeWithDamagedNewest('and server');
    cpSync(deskPaths(homePaths(desk.home), DESK).account, deskPaths(homePaths(home), DESK).account, {
      recursive: true,
    });
    const { code, out, err } = await rollback(home, '--auto', '--db-only', '--json');
    expect([code, JSON.parse(out || '{}')], err).toMatchObject([
      0,
      { backup: ID, desk: DESK, restored: true },
    ]);
    expect(err).toMatch(/2026-01-17T00-00-00-000Z is damaged \(desk\.yaml .*\): it is passed over/);
    expect([...readJournal(journalOf(home))].at(-1)?.record).toMatchObject({
      type: 'halt',
      halt: { mode: 'HALTED', resume: 'person', reason: expect.stringContaining(ID) },
    });
  });

  it('finds the backup of a time, by as much of it as tells it apart', async () => {
    const home = await homeWithDamagedNewest('and server');
    const { code, err } = await rollback(home, '--timestamp', '20260117');
    expect([code, err]).toEqual([1, expect.stringMatching(/^(?!.*no backup)/s)]);
    expect(existsSync(journalOf(home))).toBe(false);
    const whole = await rollback(home, '--timestamp', '20260110_000000', '--json');
    expect([whole.code, JSON.parse(whole.out || '{}')], whole.err).toMatchObject([
      0,
      { backup: ID, restored: true },
    ]);
    expect(existsSync(journalOf(home))).toBe(true);
  });

  it('finds it by the time in the names of its archives too, which is not that of its id', async () => {
    const home = homeWithBackup('and server');
    const folder = join(backupsFolder(home), ID);
    const { manifest } = (await readManifest(folder)) as { manifest: Manifest };
    await writeManifest(folder, { ...manifest, takenMs: Date.UTC(2026, 0, 10) + 1_500 });
    const { code, out, err } = await rollback(home, '--timestamp', '20260110_000001', '--json');
    expect([code, JSON.parse(out || '{}')], err).toMatchObject([0, { backup: ID, restored: true }]);
  });

  it('puts the desk file alone back, once it was checked, and keeps the one that was there', async () => {
    const home = homeWithBackup();
    const file = join(home, '..', 'desk.yaml');
    const runtime = { version: 1, home, desk: DESK, deskFile: file };
    writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
    const folder = join(backupsFolder(home), ID);
    const { manifest } = (await readManifest(folder)) as { manifest: Manifest };
    const holds = async (text: string): Promise<void> => {
      writeFileSync(join(folder, 'desk.yaml'), text);
      chmodSync(join(folder, 'desk.yaml'), 0o600);
      const files = manifest.files.filter(({ path }) => path !== 'desk.yaml');
      await writeManifest(folder, { ...manifest, files: [...files, await hashFile(folder, 'desk.yaml')] });
    };
    const shipped = readFileSync(CRYPTO_DESK_FILE, 'utf8');
    // Where others keep and read it.
    const real = join(home, '..', 'kept-elsewhere.yaml');
    writeFileSync(real, shipped.replace('stopLossPct: 5.0', 'stopLossPct: 4.0'));
    chmodSync(real, 0o664);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(real, 12_345, 12_346);
    symlinkSync(real, file);
    await holds('desk: crypto-bot\n');
    const refused = await rollback(home, '--timestamp', ID, '--config');
    expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining('rollback')]);
    expect(readFileSync(file, 'utf8')).toContain('stopLossPct: 4.0');
    await holds(shipped);
    const { code, out, err } = await rollback(home, '--timestamp', ID, '--config', '--json');
    expect([code, JSON.parse(out || '{}')], err).toMatchObject([0, { backup: ID, file }]);
    expect(readFileSync(file, 'utf8')).toBe(shipped);
    const { mode, uid, gid } = lstatSync(real);
    expect([readFileSync(real, 'utf8') === shipped, mode & 0o777]).toEqual([true, 0o664]);
    if (isRoot) expect([uid, gid]).toEqual([12_345, 12_346]);
    expect(readFileSync(JSON.parse(out).kept, 'utf8')).toContain('stopLossPct: 4.0');
    expect(readdirSync(join(home, '..')).filter((name) => name.startsWith('.'))).toEqual([]);

    // The environment would change it at the next start.
    writeFileSync(file, shipped.replace('stopLossPct: 5.0', 'stopLossPct: 4.0'));
    writeFileSync(join(home, '..', '.env'), 'STOP_LOSS_PCT=3\n');
    const undone = await rollback(home, '--timestamp', ID, '--config');
    expect([undone.code, undone.err]).toEqual([
      1,
      expect.stringMatching(/would not start as backup .* has it: the environment sets/),
    ]);
    expect(readFileSync(file, 'utf8')).toContain('stopLossPct: 4.0');
    writeFileSync(join(home, '..', '.env'), 'STOP_LOSS_PCT=5\n');
    expect(await rollback(home, '--timestamp', ID, '--config')).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(shipped);
  });

  it('is made as a person agreed to it in an incident, once, and Temporal goes on', async () => {
    const home = await homeWithDamagedNewest('and server');
    await inServer(home, 'postgres', (client) => client.query('create database fermata'));
    cpSync(deskPaths(homePaths(desk.home), DESK).account, deskPaths(homePaths(home), DESK).account, {
      recursive: true,
    });
    mkdirSync(homePaths(home).temporal, { recursive: true });
    writeFileSync(join(homePaths(home).temporal, 'mark'), 'runs of now');
    const choice = await backupToRestore(home, DESK);
    expect(choice).toMatchObject({ backupId: ID, passedOver: [{ id: backupIdAt(Date.UTC(2026, 0, 17)) }] });
    writeRestoreOrder(home, { key: 'k', by: 'anna', ...choice, outcome: null });
    const { signal } = new AbortController();
    await restoreAsOrdered(home, DESK, signal);
    const { outcome } = readRestoreOrder(home) ?? {};
    expect(outcome).toEqual({
      restored: true,
      says: expect.stringMatching(
        /^backup 2026-01-10\S+ is in the place of .* kept as fermata_before_\S+; newer backup 2026-01-17\S+ is damaged: desk\.yaml /,
      ),
    });
    expect(existsSync(join(homePaths(home).temporal, 'mark'))).toBe(true);
    const halted = [...readJournal(journalOf(home))];
    expect(halted.at(-1)?.record).toMatchObject({ type: 'halt', halt: { resume: 'person', by: 'anna' } });
    await inServer(home, 'fermata', async (client) => {
      const told = await client.query("select person, observed from evidence where routine = 'restore'");
      expect(told.rows).toEqual([
        { person: 'anna', observed: expect.stringContaining('newer backup 2026-01-17') },
      ]);
      // What waits for a task of the time between must not take another one for it.
      const task = await client.query<{ id: string }>(
        "select nextval(pg_get_serial_sequence('task', 'id')) as id",
      );
      expect(Number(task.rows[0]?.id)).toBeGreaterThan(1_000_000);
    });
    await restoreAsOrdered(home, DESK, signal);
    expect([...readJournal(journalOf(home))]).toEqual(halted);
  });

  it('is made in an incident all the same where its Postgres is killed as it begins', async () => {
    const home = homeWithBackup('and server');
    cpSync(deskPaths(homePaths(desk.home), DESK).account, deskPaths(homePaths(home), DESK).account, {
      recursive: true,
    });
    writeRestoreOrder(home, { key: 'k', by: 'anna', backupId: ID, passedOver: [], outcome: null });
    const made = restoreAsOrdered(home, DESK, new AbortController().signal);
    const children = join(homePaths(home).run, 'children.json');
    const killed = await eventually(() => {
      const [server] = JSON.parse(readFileSync(children, 'utf8')) as { name: string; pid: number }[];
      if (server?.name !== 'postgres') throw new Error('there is none yet');
      return server.pid;
    });
    process.kill(killed, 'SIGKILL');
    await made;
    expect(readRestoreOrder(home)?.outcome).toMatchObject({ restored: true });
  });

  it('says why it was not made in an incident, backup by backup, and is not ordered where none is good', async () => {
    const home = await homeWithDamagedNewest('and server');
    const { signal } = new AbortController();
    const damaged = backupIdAt(Date.UTC(2026, 0, 17));
    writeRestoreOrder(home, { key: 'k', by: 'anna', backupId: damaged, passedOver: [], outcome: null });
    await restoreAsOrdered(home, DESK, signal);
    // The one before it is whole, but there is no journal here that could go on from its ledger.
    expect(readRestoreOrder(home)?.outcome).toEqual({
      restored: false,
      says: expect.stringMatching(
        /^nothing was restored, .*2026-01-17\S+: .*desk\.yaml.*; backup 2026-01-10\S+: .*there is no journal/,
      ),
    });
    rmSync(join(backupsFolder(home), ID), { recursive: true });
    await expect(backupToRestore(home, DESK)).rejects.toThrow(/no good backup of crypto-bot: .*desk\.yaml/);
    rmSync(join(backupsFolder(home), damaged), { recursive: true });
    await expect(backupToRestore(home, DESK)).rejects.toThrow('there is no backup of crypto-bot');
  });

  it.each<[why: string, args: readonly string[], says: RegExp]>([
    ['no backup is named', [], /to which backup/],
    ['two parts are named', ['--auto', '--config', '--db-only'], /both --config and --db-only/],
    ['two ways are given', ['--auto', '--timestamp', '20260110'], /both --auto and --timestamp/],
    ['none is of that time', ['--timestamp', '20260111'], /no backup of 20260111.*name one of: 2026-01-17/s],
    ['the time is too short', ['--timestamp', '2026'], /--timestamp: expected at least a day.*found 2026/],
  ])('touches nothing where %s', async (_why, args, says) => {
    const home = await homeWithDamagedNewest();
    const { code, err } = await rollback(home, ...args);
    expect([code, err]).toEqual([2, expect.stringMatching(says)]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });
});
