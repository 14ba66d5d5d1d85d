/** Copies away from this machine: the real client against storage that speaks the protocol strictly. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { S3Simulator } from '../../simulators/s3/start.js';
import { backupIdAt, listBackupIds } from '../../src/backup/backup-folder.js';
import { partsOf } from '../../src/backup/offsite/archives.js';
import { fetchBackup, listOffsite, pruneOffsite } from '../../src/backup/offsite/fetch-backup.js';
import { sendBackup } from '../../src/backup/offsite/send-backup.js';
import {
  archiveKey,
  type OffsitePlace,
  openStorage,
  receiptKey,
  type Storage,
  StorageRefused,
} from '../../src/backup/offsite/storage.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { type VerifiedBackup, verifyBackup } from '../../src/backup/verify-backup.js';
import { homePaths } from '../../src/home/runtime.js';
import { DESK, type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';
import { BUCKET, KEYS, objectsOf, placeAt, READING_KEYS, settingsOf, startOffsite } from './offsite-bench.js';

const ID = backupIdAt(Date.UTC(2026, 0, 10));
const NEXT = backupIdAt(Date.UTC(2026, 0, 17));
const ARCHIVES = ['config', 'db', 'logs'];

let desk: DeskToBackUp;
let backups: Readonly<Record<string, VerifiedBackup>>;
let simulator: S3Simulator;
let place: OffsitePlace;
const folders: string[] = [];

beforeAll(async () => {
  desk = await deskToBackUp();
  const { logs } = homePaths(desk.home);
  mkdirSync(logs);
  writeFileSync(join(logs, 'fermata.log'), 'the desk began\n');
  writeFileSync(join(logs, 'fermata.log.1'), 'the day before\n');
  writeFileSync(join(logs, 'trading.log.2026-01-09'), 'traded on that day\n');
  writeFileSync(join(logs, 'postgres.log'), 'not the desk’s own\n');
  backups = {
    [ID]: await taken(ID, Date.UTC(2026, 0, 10, 2, 30, 5), 'weekly'),
    [NEXT]: await taken(NEXT, Date.UTC(2026, 0, 17), null),
  };
});
afterAll(async () => {
  await desk?.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  simulator = await startOffsite();
  place = await placeAt(simulator, DESK);
});
afterEach(async () => {
  place.storage.close();
  await simulator.close();
});

async function taken(id: string, takenMs: number, tag: 'weekly' | null): Promise<VerifiedBackup> {
  const own = [{ path: 'artefacts/nets/net.json', content: '{"every":3}' }];
  const outcome = await takeBackup({ ...desk.request(id), tag, own, nowMs: () => takenMs });
  if (!outcome.ok) throw new Error(outcome.why);
  const verification = await verifyBackup(outcome.folder);
  if (!verification.ok) throw new Error(verification.problems.join());
  return verification.backup;
}

const send = (id = ID) => sendBackup(place, backups[id] as VerifiedBackup);
const keys = () => [...objectsOf(simulator).objects.keys()];
const keyOf = (kind: string) => archiveKey(place, ID, `${kind}_20260110_023005.tar.gz`);
const delegating = (storage: Storage, changed: Partial<Storage>): Storage => ({
  put: (key, body, signal) => storage.put(key, body, signal),
  get: (key, signal) => storage.get(key, signal),
  list: (prefix) => storage.list(prefix),
  endUploads: (prefix) => storage.endUploads(prefix),
  remove: (gone) => storage.remove(gone),
  close: () => storage.close(),
  ...changed,
});
function emptyHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-elsewhere-'));
  folders.push(folder);
  return folder;
}
/** As a storage that knows no checksums would give it back. */
const flip = (key: string, at: number): void => {
  const bytes = Buffer.from(objectsOf(simulator).object(key).bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  objectsOf(simulator).put(key, bytes, null, 0);
};

describe('a copy away from this machine', () => {
  it('is three sealed archives and a receipt, and comes back as the backup that it was', async () => {
    const receipt = await send();
    expect(keys().sort()).toEqual([...ARCHIVES.map(keyOf), receiptKey(place, ID)].sort());
    const everything = Buffer.concat([...objectsOf(simulator).objects.values()].map(({ bytes }) => bytes));
    for (const shown of ['PGDMP', 'desk: crypto-bot', 'the desk began', 'desk.yaml'])
      expect(everything.includes(shown), shown).toBe(false);
    expect(await listOffsite(place)).toMatchObject([
      { id: ID, problem: null, receipt: { tag: 'weekly', desk: DESK, archives: receipt.archives } },
    ]);
    const home = emptyHome();
    const folder = await fetchBackup(place, home, ID);
    const back = await verifyBackup(folder);
    expect(back).toMatchObject({ ok: true, backup: { manifestSha256: backups[ID]?.manifestSha256 } });
    expect(readdirSync(join(folder, 'logs'))).toEqual([
      ...['fermata.log.1.gz', 'fermata.log.gz', 'trading.log.2026-01-09.gz'],
    ]);
    expect(readFileSync(join(folder, 'desk/artefacts/nets/net.json'), 'utf8')).toBe('{"every":3}');
    const config = partsOf((backups[ID] as VerifiedBackup).manifest).find(({ name }) =>
      name.startsWith('config'),
    );
    expect(config?.bytes).toBe('desk: crypto-bot\n'.length + '{"every":3}'.length);
    expect(gunzipSync(readFileSync(join(folder, 'logs', 'fermata.log.gz'))).toString()).toBe(
      'the desk began\n',
    );
    expect(readdirSync(join(home, 'backups'))).toEqual([ID]);
  });

  it('is sent once: asked again, nothing is uploaded', async () => {
    const receipt = await send();
    const puts = () => simulator.asked.filter((one) => one.startsWith('PUT')).length;
    const before = puts();
    expect(await send()).toEqual(receipt);
    expect(puts()).toBe(before);
  });

  it('counts as nothing where its upload broke, and is begun anew', async () => {
    const last = keyOf('config');
    simulator.breakAt = (key, bytes) => key === last && bytes > 0;
    await expect(send()).rejects.toThrow(`${simulator.endpoint}, bucket ${BUCKET}`);
    expect(await listOffsite(place)).toMatchObject([
      { id: ID, receipt: null, problem: 'its upload has not ended' },
    ]);
    await expect(fetchBackup(place, emptyHome(), ID)).rejects.toThrow('does not exist');
    simulator.breakAt = () => false;
    await send();
    expect(await listOffsite(place)).toMatchObject([{ id: ID, problem: null }]);
  });

  it('is no backup before all of it was read back as it was sent', async () => {
    const { storage } = place;
    const corrupting = delegating(storage, {
      put: async (key, body, signal) => {
        await storage.put(key, body, signal);
        if (key === keyOf('db')) flip(key, 500);
      },
    });
    const sent = sendBackup({ ...place, storage: corrupting }, backups[ID] as VerifiedBackup);
    await expect(sent).rejects.toThrow(/db_20260110_023005\.tar\.gz reads back as \d+ bytes that are not/);
    expect(keys()).not.toContain(receiptKey(place, ID));
  });

  it.each<[what: string, change: () => void, says: RegExp]>([
    ['an archive that was changed there', () => flip(keyOf('config'), 100), /config_20260110_023005/],
    [
      'an archive in the place of another',
      () => {
        const { objects } = objectsOf(simulator);
        objects.set(keyOf('config'), objectsOf(simulator).object(keyOf('logs')));
      },
      /config_20260110_023005/,
    ],
    [
      'a receipt that was changed',
      () => flip(receiptKey(place, ID), 30),
      /signature is not by the backup-key/,
    ],
    [
      'the receipt of another backup',
      () => {
        const { objects } = objectsOf(simulator);
        objects.set(receiptKey(place, NEXT), objectsOf(simulator).object(receiptKey(place, ID)));
      },
      /its receipt is that of 2026-01-10/,
    ],
  ])('is not fetched with %s, and nothing of it stays here', async (what, change, says) => {
    await send();
    change();
    const home = emptyHome();
    const id = what.includes('of another backup') ? NEXT : ID;
    await expect(fetchBackup(place, home, id)).rejects.toThrow(says);
    expect(await listBackupIds(home)).toEqual([]);
    expect(readdirSync(home).flatMap((name) => readdirSync(join(home, name)))).toEqual([]);
  });

  it('is given up where an archive has no end, and nothing of it stays here; of a receipt no more is read than it takes', async () => {
    await send();
    const { storage } = place;
    async function* endless(first: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      yield* first;
      for (let megabytes = 1; ; megabytes += 1) {
        if (megabytes > 64) throw new Error('64 MB too many were taken');
        yield Buffer.alloc(2 ** 20);
      }
    }
    const withEndless = (key: string): OffsitePlace => {
      const get: Storage['get'] = async (asked, signal) => {
        const bytes = await storage.get(asked, signal);
        return asked === key ? endless(bytes) : bytes;
      };
      return { ...place, storage: delegating(storage, { get }) };
    };
    const home = emptyHome();
    const fetched = fetchBackup(withEndless(keyOf('logs')), home, ID);
    await expect(fetched).rejects.toThrow(/logs_\S+: more than the \d+ bytes come that were sent/);
    expect(readdirSync(home).flatMap((name) => readdirSync(join(home, name)))).toEqual([]);
    expect(await listOffsite(withEndless(receiptKey(place, ID)))).toMatchObject([{ id: ID, problem: null }]);
  });

  it('is given up where its storage answers slower than anybody can wait for', async () => {
    await send();
    onTestFinished(() => void vi.restoreAllMocks());
    let hours = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => 3_600_000 * hours++);
    await expect(fetchBackup(place, emptyHome(), ID)).rejects.toThrow(/comes at less than 4 kB a second/);
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort());
    await expect(listOffsite(place)).rejects.toThrow('it has not answered completely within 5 minutes');
  });

  it('is not sent on where its storage takes it slower than anybody can wait for', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const storage = await openStorage({ ...settingsOf(simulator), endpoint }, KEYS);
    onTestFinished(() => {
      vi.useRealTimers();
      storage.close();
      silent.closeAllConnections();
      silent.close();
    });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const asked = once(silent, 'request');
    const said = expect(storage.put('a', [Buffer.alloc(120_000)])).rejects.toThrow(
      `${endpoint}, bucket ${BUCKET}: what is sent is taken at less than 4 kB a second`,
    );
    await asked;
    await vi.advanceTimersByTimeAsync(5 * 60_000 + 40_000);
    await said;
  });

  it('takes the place of one that is damaged here, which is kept beside it; a whole one stays', async () => {
    await send();
    const home = emptyHome();
    const folder = await fetchBackup(place, home, ID);
    writeFileSync(join(folder, 'desk.yaml'), 'desk: crypto-b0t\n');
    await fetchBackup(place, home, ID);
    expect(await verifyBackup(folder)).toMatchObject({ ok: true });
    const [there, aside = ''] = readdirSync(join(home, 'backups')).sort();
    expect([there, await listBackupIds(home)]).toEqual([ID, [ID]]);
    expect(readFileSync(join(home, 'backups', aside, 'desk.yaml'), 'utf8')).toBe('desk: crypto-b0t\n');
    const asked = simulator.asked.length;
    await fetchBackup(place, home, ID);
    expect(simulator.asked).toHaveLength(asked);
  });

  it('is no backup to who has another key, and opens for nobody else', async () => {
    await send();
    const stranger = await placeAt(simulator, DESK);
    expect(await listOffsite(stranger)).toMatchObject([
      { receipt: null, problem: expect.stringContaining('signature is not by the backup-key') },
    ]);
    stranger.storage.close();
  });

  it('is shown for what it is where an archive is missing or cut short', async () => {
    await send();
    const { objects } = objectsOf(simulator);
    const logs = objectsOf(simulator).object(keyOf('logs'));
    logs.bytes = logs.bytes.subarray(1);
    expect((await listOffsite(place))[0]?.problem).toMatch(/^logs_\S+ has \d+ bytes, its receipt says \d+$/);
    objects.delete(keyOf('logs'));
    expect((await listOffsite(place))[0]?.problem).toMatch(/^logs_\S+ is missing$/);
  });

  it('makes room by the same rule as here, with what broken uploads left; what is not ours stays', async () => {
    await send();
    await send(NEXT);
    const bucket = objectsOf(simulator);
    const others = ['fermata/other-desk/2020-01-01T00-00-00-000Z/receipt', `fermata/${DESK}/notes.txt`];
    for (const key of others) bucket.put(key, Buffer.from('theirs'), null, 0);
    const left = archiveKey(place, backupIdAt(Date.UTC(2026, 0, 3)), 'db_20260103_000000.tar.gz');
    bucket.put(left, Buffer.from('half'), null, 0);
    // A weekly one is counted by itself, and goes by its age.
    expect(await pruneOffsite(place, { keep: 1, days: null }, Date.UTC(2026, 0, 18))).toEqual([]);
    expect(keys()).not.toContain(left);
    expect(await pruneOffsite(place, { keep: 9, days: 5 }, Date.UTC(2026, 0, 18))).toEqual([ID]);
    expect((await listOffsite(place)).map(({ id }) => id)).toEqual([NEXT]);
    expect(keys()).toEqual(expect.arrayContaining(others));
  });
});

describe('an upload in parts', () => {
  const PART = 16 * 1024 * 1024;
  async function* large(): AsyncGenerator<Buffer> {
    for (let at = 0; at < 2 * PART + 1; at += 1024 * 1024)
      yield Buffer.alloc(Math.min(1024 * 1024, 2 * PART + 1 - at), at % 251);
  }

  it('is there as a whole, or not at all; what a killed one left is ended by the next', async () => {
    const bucket = objectsOf(simulator);
    const begun = bucket.begin(`fermata/${DESK}/killed`, 0);
    bucket.putPart(begun, `fermata/${DESK}/killed`, 1, Buffer.from('part'), null);
    expect(await place.storage.endUploads(`fermata/${DESK}/`)).toBe(1);
    let parts = 0;
    simulator.breakAt = (key, bytes) => key === 'large' && bytes > 1_000_000 && parts++ > 0;
    await expect(place.storage.put('large', large())).rejects.toThrow(simulator.endpoint);
    expect([bucket.objects.size, bucket.uploads.size]).toEqual([0, 0]);
    simulator.breakAt = () => false;
    await place.storage.put('large', large());
    expect(bucket.object('large').etag).toMatch(/-3$/);
    expect(bucket.object('large').bytes.length).toBe(2 * PART + 1);
  });

  it('is ended with every other that was left, over however many pages they are listed', async () => {
    const bucket = objectsOf(simulator);
    const keys = ['b', 'a', 'b', 'b', 'a', 'c', 'b'].map((name) => `fermata/${DESK}/${name}`);
    for (const [at, key] of keys.entries()) bucket.begin(key, at);
    const others = bucket.begin('another/desk', 0);
    expect(await place.storage.endUploads(`fermata/${DESK}/`)).toBe(keys.length);
    expect([...bucket.uploads.keys()]).toEqual([others]);
    bucket.uploads.clear();
  });

  it('ends on request, with nothing left there', async () => {
    const asked = new AbortController();
    const body = async function* (): AsyncGenerator<Buffer> {
      for (let given = 0; given < 60; given += 1) {
        yield Buffer.alloc(1024 * 1024);
        if (given === 40) asked.abort();
      }
    };
    await expect(place.storage.put('large', body(), asked.signal)).rejects.toThrow();
    expect(objectsOf(simulator).objects.size).toBe(0);
  });
});

describe('storage that refuses', () => {
  const asked = async (change: Partial<ReturnType<typeof settingsOf>>, env: NodeJS.ProcessEnv) => {
    const storage = await openStorage({ ...settingsOf(simulator), ...change }, env);
    try {
      await storage.put('fermata/x', [Buffer.from('x')]);
      return 'taken';
    } catch (error) {
      return [error instanceof StorageRefused, error instanceof Error ? error.message : ''];
    } finally {
      storage.close();
    }
  };
  it.each<[what: string, change: object, env: NodeJS.ProcessEnv, says: RegExp]>([
    [
      'a wrong secret',
      {},
      { ...KEYS, TEST_SECRET_KEY: 'another' },
      /SignatureDoesNotMatch.*TEST_SECRET_KEY is not the secret/,
    ],
    [
      'an unknown access key',
      {},
      { ...KEYS, TEST_ACCESS_KEY: 'AKIANOBODY' },
      /InvalidAccessKeyId.*TEST_ACCESS_KEY/,
    ],
    ['a key that may only read', {}, READING_KEYS, /AccessDenied.*list, read, write and delete/],
    ['a bucket that is not there', { bucket: 'elsewhere' }, KEYS, /NoSuchBucket.*backup\.s3\.bucket/],
    ['another region', { region: 'us-east-1' }, KEYS, /AuthorizationHeaderMalformed.*backup\.s3\.region/],
  ])(
    '%s says which setting is wrong, without a secret, and is not asked again',
    async (_what, change, env, says) => {
      const answer = await asked(change, env);
      expect(answer).toEqual([true, expect.stringMatching(says)]);
      expect(JSON.stringify(answer)).not.toContain(KEYS.TEST_SECRET_KEY);
      expect(objectsOf(simulator).objects.size).toBe(0);
    },
  );

  it('a key that is not given is asked for by its name', async () => {
    await expect(asked({}, {})).rejects.toThrow(
      /TEST_ACCESS_KEY is not given: set it, or TEST_ACCESS_KEY_FILE/,
    );
  });

  it('that is away is no refusal: it is asked again later', async () => {
    simulator.away = true;
    const answer = await asked({}, KEYS);
    expect(answer).toEqual([false, expect.stringContaining(simulator.endpoint)]);
  });
});
