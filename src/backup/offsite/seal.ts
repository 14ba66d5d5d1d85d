/**
 * Seals what leaves this machine. Encrypts it with AES-256-GCM in frames, each bound to its position, the
 * archive's name and whether it is the last: nothing can be changed, cut off, rearranged or passed off as
 * another archive. Also signs with Ed25519. Both keys are derived from the installation's `backup-key`, which
 * is in no backup.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

const MAGIC = Buffer.from('fermata sealed archive 1\n');
const SALT_BYTES = 32;
const HEAD_BYTES = MAGIC.length + SALT_BYTES;
const FRAME_BYTES = 1024 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** DER prefix of a private Ed25519 key; the key's 32 bytes follow (RFC 8410). */
const ED25519_DER = Buffer.from('302e020100300506032b657004220420', 'hex');

export class SealBroken extends Error {}

/** `secret`: the installation's backup key, hex. `name`: the archive's name; it opens under no other name. */
export async function* sealed(
  plain: AsyncIterable<Uint8Array>,
  secret: string,
  name: string,
): AsyncGenerator<Buffer> {
  const head = Buffer.concat([MAGIC, randomBytes(SALT_BYTES)]);
  yield head;
  const key = frameKey(secret, head, name);
  for await (const { at, bytes, isLast } of framesOf(plain, FRAME_BYTES)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(at, isLast));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Throws `SealBroken` at the first invalid frame; the frames before it were valid. */
export async function* opened(
  source: AsyncIterable<Uint8Array>,
  secret: string,
  name: string,
): AsyncGenerator<Buffer> {
  const broken = new SealBroken(`${name} was changed, was cut off, or is sealed with another backup-key`);
  const chunks = source[Symbol.asyncIterator]();
  try {
    let head = Buffer.alloc(0);
    while (head.length < HEAD_BYTES) {
      const { value, done } = await chunks.next();
      if (done === true) throw broken;
      head = Buffer.concat([head, value]);
    }
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw broken;
    const key = frameKey(secret, head.subarray(0, HEAD_BYTES), name);
    const rest = startingWith(head.subarray(HEAD_BYTES), chunks);
    for await (const { at, bytes, isLast } of framesOf(rest, FRAME_BYTES + TAG_BYTES)) {
      if (bytes.length < TAG_BYTES) throw broken;
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(at, isLast));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const plain = decipher.update(bytes.subarray(0, -TAG_BYTES));
      try {
        decipher.final();
      } catch {
        throw broken;
      }
      yield plain;
    }
  } finally {
    await chunks.return?.();
  }
}

async function* startingWith(first: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) return;
    yield value;
  }
}

/** Base64. */
export const signatureOf = (text: string, secret: string): string =>
  sign(null, Buffer.from(text), signingKey(secret)).toString('base64');

export const isSignedBy = (text: string, signature: string, secret: string): boolean =>
  verify(null, Buffer.from(text), createPublicKey(signingKey(secret)), Buffer.from(signature, 'base64'));

interface Frame {
  readonly at: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
}

/** All frames but the last have `size` bytes. There is always a last one, which may be empty. */
async function* framesOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Frame> {
  let at = 0;
  let held: Uint8Array[] = [];
  let bytesHeld = 0;
  for await (const chunk of source) {
    held.push(chunk);
    bytesHeld += chunk.length;
    // A frame that is exactly full may be the last one.
    if (bytesHeld <= size) continue;
    let rest = Buffer.concat(held);
    for (; rest.length > size; at += 1) {
      yield { at, bytes: rest.subarray(0, size), isLast: false };
      rest = rest.subarray(size);
    }
    held = [rest];
    bytesHeld = rest.length;
  }
  yield { at, bytes: Buffer.concat(held), isLast: true };
}

/** Never repeats under one key, because each archive draws its own salt. */
function nonceOf(at: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(at, 5, 6);
  nonce.writeUInt8(isLast ? 1 : 0, NONCE_BYTES - 1);
  return nonce;
}

const frameKey = (secret: string, head: Buffer, name: string): Buffer =>
  Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), head, `fermata archive ${name}`, 32));

function signingKey(secret: string): KeyObject {
  const seed = hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'fermata backup signature', 32);
  const key = Buffer.concat([ED25519_DER, Buffer.from(seed)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}
