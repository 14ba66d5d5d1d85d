/**
 * Copies away from this machine at an S3 server of another maker: versitygw, where it is on PATH
 * (go install github.com/versity/versitygw@v1.8.0).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  openStorage,
  type Storage,
  StorageRefused,
  type StorageSettings,
} from '../../src/backup/offsite/storage.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { until } from '../support/desk-under-test.js';

const KEYS = { TEST_ACCESS_KEY: 'desk', TEST_SECRET_KEY: 'a secret of the desk' };
const REGION = 'us-east-1';
const MEBIBYTE = 1024 * 1024;
const isHere = spawnSync('versitygw', ['--version']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'fermata-versitygw-'));
let settings: StorageSettings;
let server: ChildProcess;
let client: S3Client;
let storage: Storage;

async function start(): Promise<void> {
  const { TEST_ACCESS_KEY, TEST_SECRET_KEY } = KEYS;
  const at = new URL(settings.endpoint).host;
  const given = ['--access', TEST_ACCESS_KEY, '--secret', TEST_SECRET_KEY, '--region', REGION, '--port', at];
  server = spawn('versitygw', [...given, 'posix', folder], { stdio: 'ignore' });
  await until('the server answers', () => fetch(settings.endpoint).then(() => true));
}

async function kill(): Promise<void> {
  const over = once(server, 'exit');
  server.kill('SIGKILL');
  await over;
}

/** `after`: called once so many mebibytes were taken. */
async function* large(
  mebibytes: number,
  after?: (given: number) => Promise<void> | void,
): AsyncGenerator<Buffer> {
  for (let given = 0; given < mebibytes; given += 1) {
    yield Buffer.alloc(MEBIBYTE, given % 251);
    await after?.(given);
  }
}

describe.skipIf(!isHere)('storage at versitygw', () => {
  beforeAll(async () => {
    settings = {
      ...{ endpoint: `http://127.0.0.1:${await freePort()}`, region: REGION, bucket: 'desk-backups' },
      ...{ prefix: 'fermata/', accessKeyEnv: 'TEST_ACCESS_KEY', secretKeyEnv: 'TEST_SECRET_KEY' },
    };
    await start();
    client = new S3Client({
      ...{ endpoint: settings.endpoint, region: REGION, forcePathStyle: true },
      credentials: { accessKeyId: KEYS.TEST_ACCESS_KEY, secretAccessKey: KEYS.TEST_SECRET_KEY },
    });
    await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
  });
  afterAll(async () => {
    client.destroy();
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    storage = await openStorage(settings, KEYS);
  });
  afterEach(() => storage.close());

  it('takes an upload in parts, gives it back byte for byte, lists it, and removes it', async () => {
    await storage.put('fermata/large', large(40));
    expect(await storage.list('fermata/')).toEqual([{ key: 'fermata/large', bytes: 40 * MEBIBYTE }]);
    let at = 0;
    for await (const part of await storage.get('fermata/large'))
      for (const byte of part) {
        if (byte !== Math.floor(at / MEBIBYTE) % 251) throw new Error(`another byte at ${at}`);
        at += 1;
      }
    expect(at).toBe(40 * MEBIBYTE);
    await storage.remove(['fermata/large']);
    expect(await storage.list('fermata/')).toEqual([]);
  });

  it('an upload that is interrupted leaves nothing: by request, and where the server was killed in the middle', async () => {
    const asked = new AbortController();
    const body = large(60, (given) => (given === 40 ? asked.abort() : undefined));
    await expect(storage.put('fermata/asked', body, asked.signal)).rejects.toThrow();
    const killed = large(60, (given) => (given === 40 ? kill() : undefined));
    await expect(storage.put('fermata/killed', killed)).rejects.toThrow(settings.endpoint);
    await start();
    expect(await storage.list('fermata/')).toEqual([]);
    await storage.endUploads('fermata/');
    await storage.put('fermata/killed', large(20));
    expect(await storage.list('fermata/')).toEqual([{ key: 'fermata/killed', bytes: 20 * MEBIBYTE }]);
    await storage.remove(['fermata/killed']);
  });

  it('what a killed uploader left is ended by the next', async () => {
    const [Bucket, Key] = [settings.bucket, 'fermata/left'];
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = { Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(5 * MEBIBYTE) };
    await client.send(new UploadPartCommand(part));
    expect(await storage.endUploads('fermata/')).toBe(1);
    expect(await storage.endUploads('fermata/')).toBe(0);
  });

  it.each([
    ['a wrong secret', { ...KEYS, TEST_SECRET_KEY: 'another' }, /TEST_SECRET_KEY is not the secret/],
    ['an unknown access key', { ...KEYS, TEST_ACCESS_KEY: 'nobody' }, /TEST_ACCESS_KEY/],
  ])('%s is refused, and says which setting is wrong', async (_what, keys, says) => {
    const other = await openStorage(settings, keys);
    const error = await other.put('fermata/x', [Buffer.from('x')]).catch((thrown: unknown) => thrown);
    other.close();
    expect(error).toBeInstanceOf(StorageRefused);
    expect(String(error)).toMatch(says);
    expect(await storage.list('fermata/')).toEqual([]);
  });

  it('a bucket that is not there is asked for by its setting', async () => {
    const other = await openStorage({ ...settings, bucket: 'elsewhere' }, KEYS);
    await expect(other.put('fermata/x', [Buffer.from('x')])).rejects.toThrow(/backup\.s3\.bucket/);
    other.close();
  });
});
