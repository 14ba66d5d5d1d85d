import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backupIdAt, backupsFolder, listBackupIds } from '../../src/backup/backup-folder.js';
import { runDrill } from '../../src/backup/drill/run-drill.js';
import { hashFile, readManifest, writeManifest } from '../../src/backup/manifest.js';
import { pruneBackups } from '../../src/backup/retention.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { BEHIND, DESK, type DeskToBackUp, deskToBackUp, withFlockAlone } from './desk-to-back-up.js';

let desk: DeskToBackUp;
const GOOD = backupIdAt(Date.UTC(2026, 0, 10));
let good: string;
beforeAll(async () => {
  desk = await deskToBackUp();
  const taken = await takeBackup(desk.request(GOOD));
  if (!taken.ok) throw new Error(taken.why);
  good = taken.folder;
});
afterAll(() => desk?.dispose());

let copies = 0;
/** A copy of the good backup, to be damaged. */
function copyOfGood(): { id: string; folder: string } {
  copies += 1;
  const id = backupIdAt(Date.UTC(2026, 1, 10) + copies);
  const folder = join(backupsFolder(desk.home), id);
  cpSync(good, folder, { recursive: true });
  return { id, folder };
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x01, at);
  writeFileSync(path, bytes);
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe('a backup', () => {
  it('holds database, journal, paper book and desk file, each with its hash, and no secret', async () => {
    const verification = await verifyBackup(good);
    expect(verification).toMatchObject({ ok: true });
    if (!verification.ok) return;
    const { manifest } = verification.backup;
    expect(manifest.files.map(({ path }) => path)).toEqual(
      filesOf(good).filter((path) => !path.startsWith('manifest.')),
    );
    expect(manifest.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['database.dump', 'desk.yaml', 'paper-book/book.jsonl']),
    );
    expect(manifest.journal?.lastSequence).toBe(600);
    expect(manifest.journal?.segments).toBeGreaterThan(1);
    expect(manifest.ledger?.sequence).toBe(600 - BEHIND);
    expect(manifest.evidence.count).toBe(5);
    const fills = await desk.database.ownerPool.query('select count(*)::int as count from fills');
    expect(manifest.database.tables.find(({ table }) => table === 'fills')?.rows).toBe(fills.rows[0].count);
    expect(readFileSync(join(good, 'manifest.json'), 'utf8')).not.toContain(desk.database.password);
  });

  it('is taken once for an id: asked again, it is the same one', async () => {
    const again = await takeBackup(desk.request(GOOD));
    expect(again).toMatchObject({ ok: true, folder: good });
  });

  it('counts and dumps one moment, whatever is written meanwhile', async () => {
    const { pool } = desk.database;
    let written = 0;
    const id = backupIdAt(Date.UTC(2026, 0, 11));
    const insert = () => {
      written += 1;
      return pool.query(
        `insert into audit (desk, person, via, action, outcome) values ($1, 'anna', 'cli', 'note', 'written')`,
        [DESK],
      );
    };
    const writes: Promise<unknown>[] = [];
    const taken = await takeBackup({ ...desk.request(id), onPhase: () => void writes.push(insert()) });
    await Promise.all(writes);
    expect(taken.ok && written).toBeGreaterThan(5);
    expect(await runDrill({ home: desk.home, backupId: id })).toMatchObject({ passed: true });
  });

  it('cuts off what the trader is just writing, and keeps every whole record', async () => {
    const { journal } = deskPaths(homePaths(desk.home), DESK);
    const last =
      readdirSync(journal)
        .filter((name) => name.endsWith('.journal'))
        .sort()
        .at(-1) ?? '';
    const before = readFileSync(join(journal, last));
    writeFileSync(join(journal, last), Buffer.concat([before, Buffer.from([200, 0, 0, 0, 1, 2, 3])]));
    const id = backupIdAt(Date.UTC(2026, 0, 12));
    const taken = await takeBackup(desk.request(id));
    writeFileSync(join(journal, last), before);
    expect(taken).toMatchObject({ ok: true, manifest: { journal: { lastSequence: 600 } } });
    expect(await verifyBackup(join(backupsFolder(desk.home), id))).toMatchObject({ ok: true });
  });

  it('is not taken without pg_dump, and says which package has it', async () => {
    vi.stubEnv('PATH', withFlockAlone(desk.home));
    const id = backupIdAt(Date.UTC(2026, 0, 13));
    const taken = await takeBackup(desk.request(id)).finally(() => vi.unstubAllEnvs());
    expect(taken).toMatchObject({ ok: false });
    expect(taken.ok === false && taken.why).toMatch(/pg_dump is not on PATH.*postgresql-client-15/);
    expect(await listBackupIds(desk.home)).not.toContain(id);
  });

  it('gives way to newer ones, the last one never', async () => {
    const counted = (keep: number) => ({ keep, days: null });
    const other = await deskToBackUp();
    try {
      for (const day of [1, 2, 3]) await takeBackup(other.request(backupIdAt(Date.UTC(2026, 2, day))));
      expect(await pruneBackups(other.home, 'another-desk', counted(1), Date.now())).toEqual([]);
      expect(await pruneBackups(other.home, DESK, counted(2), Date.now())).toEqual([
        '2026-03-01T00-00-00-000Z',
      ]);
      expect(await pruneBackups(other.home, DESK, counted(0), Date.now())).toEqual([
        '2026-03-02T00-00-00-000Z',
      ]);
      expect(await listBackupIds(other.home)).toEqual(['2026-03-03T00-00-00-000Z']);
    } finally {
      await other.dispose();
    }
  });
});

describe('a changed byte', () => {
  it('in any file fails the verification, which names the file', async () => {
    for (const path of filesOf(good)) {
      const { folder } = copyOfGood();
      const size = readFileSync(join(folder, path)).length;
      for (const at of new Set([0, Math.floor(size / 2), size - 1])) {
        flipByte(join(folder, path), at);
        const verification = await verifyBackup(folder);
        expect(verification, `${path} byte ${at}`).toMatchObject({ ok: false });
        if (!verification.ok) expect(verification.problems.join()).toContain(path);
        flipByte(join(folder, path), at);
      }
      expect(await verifyBackup(folder)).toMatchObject({ ok: true });
    }
  });

  it('is not all that fails it: so does a file too many, one that is missing, and a dump that is none', async () => {
    const problemsOf = async (change: (folder: string) => unknown) => {
      const { folder } = copyOfGood();
      await change(folder);
      const verification = await verifyBackup(folder);
      return verification.ok ? [] : verification.problems;
    };
    expect(await problemsOf((folder) => writeFileSync(join(folder, 'more.txt'), 'x'))).toEqual([
      'more.txt is not in the manifest',
    ]);
    // Of whoever has looked into it with a file manager: no part of it.
    const looked = ['.DS_Store', 'journal/.DS_Store', 'journal/._a', 'Thumbs.db', 'desktop.ini'];
    expect(
      await problemsOf((folder) => {
        for (const path of looked) writeFileSync(join(folder, path), 'x');
      }),
    ).toEqual([]);
    expect(await problemsOf((folder) => rmSync(join(folder, 'database.dump')))).toEqual([
      'database.dump is missing',
    ]);
    // As if it had been damaged before its hash was written.
    const [none, ...others] = await problemsOf(async (folder) => {
      writeFileSync(join(folder, 'database.dump'), 'no dump');
      const reading = await readManifest(folder);
      if (!reading.ok) throw new Error(reading.why);
      const { manifest } = reading;
      const files = manifest.files.filter(({ path }) => path !== 'database.dump');
      await writeManifest(folder, {
        ...manifest,
        files: [...files, await hashFile(folder, 'database.dump')],
      });
    });
    expect(others).toEqual([]);
    expect(none).toMatch(/^database\.dump: .*pg_restore/s);
  });

  it('fails the restore before anything is restored', async () => {
    const { id, folder } = copyOfGood();
    flipByte(join(folder, 'database.dump'), 5_000);
    const { passed, steps } = await runDrill({ home: desk.home, backupId: id });
    expect(passed).toBe(false);
    expect(steps).toHaveLength(1);
    expect(steps[0]?.observed).toContain('database.dump was changed');
  });

  it('that a hash was made to fit is found by the table it belongs to', async () => {
    const other = await deskToBackUp();
    try {
      // The database is not what was counted: as if the dump had been made of other rows.
      const id = backupIdAt(Date.UTC(2026, 3, 1));
      const request = other.request(id);
      const taken = await takeBackup(request);
      expect(taken.ok).toBe(true);
      if (!taken.ok) return;
      const tables = taken.manifest.database.tables.map((table) =>
        table.table === 'fills' ? { ...table, checksum: `${BigInt(table.checksum) + 1n}` } : table,
      );
      await writeManifest(taken.folder, {
        ...taken.manifest,
        database: { ...taken.manifest.database, tables },
      });
      const { passed, steps } = await runDrill({ home: other.home, backupId: id });
      expect(passed).toBe(false);
      const [failed] = steps.filter(({ verdict }) => verdict === 'fail');
      expect(failed).toMatchObject({ key: 'tables' });
      expect(failed?.observed).toContain('table fills');
    } finally {
      await other.dispose();
    }
  });
});

describe('a restore drill', () => {
  it('passes only when tables, ledger and evidence are proven on a server of its own, which is gone afterwards', async () => {
    const seen: string[] = [];
    const outcome = await runDrill({ home: desk.home, backupId: GOOD, onStep: (title) => seen.push(title) });
    expect(outcome.steps.map(({ key, verdict }) => `${key} ${verdict}`)).toEqual([
      'files pass',
      'restore pass',
      'tables pass',
      'pages pass',
      'ledger pass',
      'resting pass',
      'evidence pass',
      'works pass',
    ]);
    expect(outcome.passed).toBe(true);
    expect(outcome.steps[3]?.observed).toMatch(/^[1-9]\d+ tables and indexes$/);
    expect(outcome.steps[4]?.observed).toContain(`${600 - BEHIND} entries`);
    expect(outcome.steps.at(-1)?.observed).toMatch(
      /^0 migrations run; read \d+ trades, 0 setups, 0 tasks, 0 incidents; evidence goes on from 5 to 6; the journal replays to entry 600: /,
    );
    expect(seen).toHaveLength(8);
    expect(existsSync(join(desk.home, 'drill')) ? readdirSync(join(desk.home, 'drill')) : []).toEqual([]);
  });

  it('of evidence that somebody rewrote fails and names it', async () => {
    const other = await deskToBackUp();
    try {
      await other.database.ownerPool.query('alter table evidence disable trigger evidence_append_only');
      await other.database.ownerPool.query(
        `update evidence set observed = 'better' where step_key = 'step-2'`,
      );
      const id = backupIdAt(Date.UTC(2026, 4, 1));
      await takeBackup(other.request(id));
      const { steps } = await runDrill({ home: other.home, backupId: id });
      expect(steps.at(-2)).toMatchObject({ key: 'evidence', verdict: 'fail' });
      expect(steps.at(-2)?.observed).toContain('its content is not what was recorded');
      expect(steps.at(-1)).toMatchObject({ key: 'works', verdict: 'not_run' });
    } finally {
      await other.dispose();
    }
  });

  it('of a database that is all there, and that this version can’t write, fails', async () => {
    const other = await deskToBackUp();
    try {
      await other.database.ownerPool.query('revoke insert on evidence from fermata_app');
      const id = backupIdAt(Date.UTC(2026, 4, 2));
      await takeBackup(other.request(id));
      const { passed, steps } = await runDrill({ home: other.home, backupId: id });
      expect(passed).toBe(false);
      expect(steps.at(-2)).toMatchObject({ key: 'evidence', verdict: 'pass' });
      expect(steps.at(-1)).toMatchObject({
        ...{ key: 'works', verdict: 'fail', observed: 'permission denied for table evidence' },
      });
    } finally {
      await other.dispose();
    }
  });

  it('of a ledger that is not its journal fails and names the entry', async () => {
    const other = await deskToBackUp();
    try {
      await other.database.ownerPool.query(
        'alter table journal_entry disable trigger journal_entry_append_only',
      );
      await other.database.ownerPool.query(
        `update journal_entry set record = jsonb_set(record, '{marketMs}', '1') where sequence = 42`,
      );
      const id = backupIdAt(Date.UTC(2026, 5, 1));
      await takeBackup(other.request(id));
      const { steps } = await runDrill({ home: other.home, backupId: id });
      expect(steps.find(({ key }) => key === 'ledger')).toMatchObject({ verdict: 'fail' });
      expect(steps.find(({ key }) => key === 'ledger')?.observed).toContain('entry 42');
      expect(steps.find(({ key }) => key === 'evidence')).toMatchObject({ verdict: 'not_run' });
    } finally {
      await other.dispose();
    }
  });
});
