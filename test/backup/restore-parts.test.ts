/** What a restore refuses, brings with it and leaves behind, part by part. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backupIdAt,
  backupsFolder,
  MARKET_POSITION_FILE,
  RULES_FROM_FILE,
} from '../../src/backup/backup-folder.js';
import { hashFile, type Manifest, readManifest, writeManifest } from '../../src/backup/manifest.js';
import { openOwnServer } from '../../src/backup/restore/own-server.js';
import { restoreAsOrdered } from '../../src/cli/restore-in-place.js';
import { writeJson } from '../../src/home/json-file.js';
import {
  type RestoreMark,
  readRestoreOrder,
  restoreFolder,
  restoreMarkFile,
  writeRestoreOrder,
} from '../../src/home/restore-mark.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { beginLife } from '../../src/worker/role-life.js';
import { runCommand } from '../cli/run-command.js';
import { BEHIND, DESK, type DeskToBackUp, deskToBackUp, RESTING } from './desk-to-back-up.js';
import {
  BACKUP_ID,
  type HomesWithBackup,
  inServer,
  openHomesWithBackup,
  restore,
} from './homes-with-backup.js';

let desk: DeskToBackUp;
let homes: HomesWithBackup;
beforeAll(async () => {
  desk = await deskToBackUp();
  homes = await openHomesWithBackup(desk);
});
afterAll(async () => {
  homes?.dispose();
  await desk?.dispose();
});

const folderOf = (home: string, id = BACKUP_ID): string => join(backupsFolder(home), id);

async function manifestOf(home: string): Promise<Manifest> {
  const reading = await readManifest(folderOf(home));
  if (!reading.ok) throw new Error(reading.why);
  return reading.manifest;
}

const databasesIn = (home: string): Promise<readonly string[]> =>
  inServer(home, 'postgres', async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
    return rows.map(({ datname }) => datname).filter((name) => name.startsWith('fermata'));
  });

describe('a restore', () => {
  it('is given up where ledger or evidence is another one than the manifest says, and leaves nothing prepared', async () => {
    const home = homes.make('and server');
    const good = await manifestOf(home);
    const { ledger, evidence } = good;
    const said = [
      ['ledger', { ledger: { ...ledger, sequence: 600 - BEHIND - 1 } }],
      ['evidence', { evidence: { ...evidence, count: evidence.count + 1 } }],
      ['evidence', { evidence: { ...evidence, head: evidence.head.replaceAll(/./g, '0') } }],
    ] as const;
    for (const [key, wrong] of said) {
      await writeManifest(folderOf(home), { ...good, ...wrong } as Manifest);
      const { passed, kept, steps } = await restore(home);
      expect([passed, kept, steps.find(({ verdict }) => verdict === 'fail')?.key]).toEqual([
        ...[false, null, key],
      ]);
    }
    expect(await databasesIn(home)).toEqual([]);
    expect(existsSync(join(restoreFolder(home), 'ready'))).toBe(false);
  });

  it('brings back whose rules the account has yet to take over, and the position in a recording', async () => {
    const home = homes.make('and server');
    const manifest = await manifestOf(home);
    const parts = { [RULES_FROM_FILE]: RESTING, [MARKET_POSITION_FILE]: '{"position":7}\n' };
    const files = [...manifest.files];
    for (const [name, text] of Object.entries(parts)) {
      writeFileSync(join(folderOf(home), name), text, { mode: 0o600 });
      files.push(await hashFile(folderOf(home), name));
    }
    await writeManifest(folderOf(home), { ...manifest, files });
    expect(await restore(home)).toMatchObject({ passed: true });
    const { rulesFrom, marketPosition } = deskPaths(homePaths(home), DESK);
    expect([rulesFrom, marketPosition].map((file) => readFileSync(file, 'utf8'))).toEqual(
      Object.values(parts),
    );
  });

  it('ends whatever still looks at either database, which could not be renamed otherwise', async () => {
    const home = homes.make('and server');
    const server = await openOwnServer(home);
    const ended: string[] = [];
    try {
      for (const name of ['fermata', 'prepared']) {
        const { connection } = await server.createDatabase(name);
        const somebody = new Client(connection);
        somebody.on('error', () => undefined).on('end', () => void ended.push(name));
        await somebody.connect();
      }
      expect(await server.takePlace('prepared', 'kept')).toBe(true);
    } finally {
      await server.stop();
    }
    expect(ended.sort()).toEqual(['fermata', 'prepared']);
    expect(await databasesIn(home)).toEqual(['fermata']);
  });

  it('is of no other backup as long as one is half way', async () => {
    const home = homes.make();
    const other = backupIdAt(Date.UTC(2026, 0, 9));
    writeJson(restoreMarkFile(home), {
      ...{ backupId: other, desk: DESK, database: 'fermata_restored', has: [], keepsTemporal: false },
      ...{ keptIn: join(home, 'kept'), keptDatabase: 'kept' },
    } satisfies RestoreMark);
    const { code, err } = await runCommand(join(home, '..'), ['restore', BACKUP_ID, '--confirm', DESK]);
    expect([code, err]).toEqual([1, expect.stringContaining(`fermata restore ${other}`)]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('in containers touches nothing while a role of the desk lives in one of them', async () => {
    const home = homes.make();
    const role = beginLife('engine-worker', home);
    const args = ['restore', BACKUP_ID, '--confirm', DESK];
    const { code, err } = await runCommand(join(home, '..'), args, {
      FERMATA_POSTGRES_HOST: '127.0.0.1',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    role.end();
    expect([code, err]).toEqual([1, expect.stringContaining('engine-worker of this desk runs')]);
    expect(existsSync(homePaths(home).postgres)).toBe(false);
  });

  it('in an incident does not try an older backup where the disk has too little room', async () => {
    const home = homes.make('and server');
    const newer = backupIdAt(Date.UTC(2026, 0, 17));
    const manifest = await manifestOf(home);
    cpSync(folderOf(home), folderOf(home, newer), { recursive: true });
    const database = { ...manifest.database, sizeBytes: Number.MAX_SAFE_INTEGER };
    await writeManifest(folderOf(home, newer), { ...manifest, id: newer, database });
    writeRestoreOrder(home, { key: 'k', by: 'anna', backupId: newer, passedOver: [], outcome: null });
    await restoreAsOrdered(home, DESK, new AbortController().signal);
    expect(readRestoreOrder(home)?.outcome).toEqual({
      restored: false,
      says: expect.stringMatching(/^nothing was restored, [^;]*2026-01-17\S+: Room on the disk: [^;]*$/),
    });
  });
});
