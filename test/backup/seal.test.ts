import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, opened, SealBroken, sealed, signatureOf } from '../../src/backup/offsite/seal.js';
import { openOffsite } from '../../src/backup/offsite/storage.js';

const SECRET = 'ab'.repeat(32);
const NAME = 'desk/2026-03-01T02-00-00-000Z/db_20260301_020000.tar.gz';
const FRAME = 1024 * 1024;
const SEALED_FRAME = FRAME + 16;
const HEAD = 57;

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** In pieces that fit no frame, as they come from a network. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 70_001) yield bytes.subarray(at, at + 70_001);
}

const seal = (bytes: Buffer) => whole(sealed(pieces(bytes), SECRET, NAME));
const open = (bytes: Buffer, secret = SECRET, name = NAME) => whole(opened(pieces(bytes), secret, name));

describe('a sealed archive', () => {
  it.each([0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])(
    'of %i bytes opens as what was sealed',
    async (size) => {
      const bytes = randomBytes(size);
      const away = await seal(bytes);
      expect((await open(away)).equals(bytes)).toBe(true);
      expect(away.length).toBe(HEAD + size + 16 * Math.max(1, Math.ceil(size / FRAME)));
    },
  );

  it('shows nothing of what is in it, and is another one each time', async () => {
    const bytes = Buffer.alloc(FRAME + 1000, 'fermata');
    const [one, other] = await Promise.all([seal(bytes), seal(bytes)]);
    expect(one.subarray(HEAD).includes('fermata')).toBe(false);
    expect(one.subarray(HEAD, HEAD + 100).equals(other.subarray(HEAD, HEAD + 100))).toBe(false);
  });

  it.each<[what: string, (away: Buffer) => Buffer]>([
    [
      'a changed byte',
      (away) => Buffer.concat([away.subarray(0, 90), Buffer.from([(away[90] ?? 0) ^ 1]), away.subarray(91)]),
    ],
    [
      'a changed salt',
      (away) => Buffer.concat([away.subarray(0, 40), Buffer.from([(away[40] ?? 0) ^ 1]), away.subarray(41)]),
    ],
    ['a lost end', (away) => away.subarray(0, -1)],
    ['a lost last frame', (away) => away.subarray(0, HEAD + 2 * SEALED_FRAME)],
    [
      'a lost frame in the middle',
      (away) => Buffer.concat([away.subarray(0, HEAD), away.subarray(HEAD + SEALED_FRAME)]),
    ],
    [
      'two frames that changed places',
      (away) =>
        Buffer.concat([
          away.subarray(0, HEAD),
          away.subarray(HEAD + SEALED_FRAME, HEAD + 2 * SEALED_FRAME),
          away.subarray(HEAD, HEAD + SEALED_FRAME),
          away.subarray(HEAD + 2 * SEALED_FRAME),
        ]),
    ],
    ['something behind its end', (away) => Buffer.concat([away, randomBytes(40)])],
    ['nothing at all', () => Buffer.alloc(0)],
    ['something else', () => randomBytes(200)],
  ])('does not open with %s', async (_what, change) => {
    const away = await seal(randomBytes(2 * FRAME + 10));
    await expect(open(change(away))).rejects.toThrow(SealBroken);
  });

  it('opens with no other key and under no other name', async () => {
    const away = await seal(Buffer.from('a dump'));
    await expect(open(away, 'cd'.repeat(32))).rejects.toThrow(/another backup-key/);
    await expect(open(away, SECRET, NAME.replace('db_', 'logs_'))).rejects.toThrow(SealBroken);
  });
});

it('signs so that another text, another key and another signature are told apart', () => {
  const signature = signatureOf('{"id":1}', SECRET);
  expect(isSignedBy('{"id":1}', signature, SECRET)).toBe(true);
  expect(isSignedBy('{"id":2}', signature, SECRET)).toBe(false);
  expect(isSignedBy('{"id":1}', signature, 'cd'.repeat(32))).toBe(false);
  expect(isSignedBy('{"id":1}', '', SECRET)).toBe(false);
});

it('is refused without the key of the installation that sent it, and no start is asked to make another', async () => {
  const s3 = { endpoint: 'http://127.0.0.1:1', bucket: 'b', region: 'r', prefix: '' };
  const asked = openOffsite('/nowhere', { desk: 'd', backup: { s3 } } as never, {});
  await expect(asked).rejects.toThrow(
    /^\/nowhere\/secrets\/backup-key is not here: .+ Put that file there \(mode 0600\)$/,
  );
});
