/** What the storage refuses, as S3 does: the product's own client never asks for it. */
import { createHash } from 'node:crypto';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_KEYS, type S3Simulator, startS3Simulator } from '../../simulators/s3/start.js';

const Bucket = 'things';
let simulator: S3Simulator;
let client: S3Client;
beforeEach(async () => {
  simulator = await startS3Simulator({ buckets: [Bucket] });
  client = clientWith();
});
afterEach(async () => {
  client.destroy();
  await simulator.close();
});

function clientWith(skewMs = 0): S3Client {
  const [{ id = '', secret = '' } = {}] = DEFAULT_KEYS;
  return new S3Client({
    endpoint: simulator.endpoint,
    region: simulator.region,
    forcePathStyle: true,
    systemClockOffset: skewMs,
    maxAttempts: 1,
    credentials: { accessKeyId: id, secretAccessKey: secret },
  });
}

const put = (more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key: 'a/b c+ü', Body: Buffer.from('bytes'), ...more }));
const refusal = (name: string) => expect.objectContaining({ name });

it('takes a body, gives it and a range of it, and lists it, whatever its name', async () => {
  await put();
  await put({ Key: 'a/d', ContentMD5: createHash('md5').update('bytes').digest('base64') });
  const whole = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b c+ü' }));
  expect(await whole.Body?.transformToString()).toBe('bytes');
  const part = await client.send(new GetObjectCommand({ Bucket, Key: 'a/d', Range: 'bytes=1-2' }));
  expect([part.ContentRange, await part.Body?.transformToString()]).toEqual(['bytes 1-2/5', 'yt']);
  const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));
  expect(listed.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
    ['a/b c+ü', 5],
    ['a/d', 5],
  ]);
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a/b c+ü' }] } }));
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'a/b c+ü' }))).rejects.toEqual(
    refusal('NoSuchKey'),
  );
});

it('refuses a checksum that the body does not have, and keeps nothing', async () => {
  await expect(put({ ContentMD5: createHash('md5').update('other').digest('base64') })).rejects.toEqual(
    refusal('BadDigest'),
  );
  await expect(put({ ChecksumCRC32: 'AAAAAA==' })).rejects.toEqual(refusal('BadDigest'));
  expect(simulator.buckets.get(Bucket)?.objects.size).toBe(0);
});

it('refuses what nobody signed, what was signed otherwise, and what it has not built', async () => {
  const unsigned = await fetch(`${simulator.endpoint}/${Bucket}/x`, { method: 'PUT', body: 'x' });
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining('<Code>AccessDenied</Code>'),
  ]);
  client.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-meta-added'] = 'later';
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await expect(put()).rejects.toEqual(refusal('AccessDenied'));
  client.destroy();
  client = clientWith();
  await expect(put({ ServerSideEncryption: 'AES256' })).rejects.toEqual(refusal('NotImplemented'));
});
