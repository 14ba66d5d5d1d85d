/**
 * The keys that seal everything that Temporal stores. The secret file `payload-key` holds one key a line (32 bytes
 * hex): the first one seals, all of them open. An old key stays as long as Temporal may hold what it sealed.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readSecret } from './secrets.js';

export interface PayloadKey {
  /** Identifies the key and reveals nothing about it. */
  readonly id: string;
  readonly key: Uint8Array;
}

const CIPHER = 'aes-256-gcm';
const KEY_HEX = /^[0-9a-f]{64}$/i;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_LENGTH = 12;

/** Newest first. Throws with what to do if there is none, or if a line is not a key. */
export function readPayloadKeys(home: string): readonly PayloadKey[] {
  return parsePayloadKeys(readSecret(home, 'payloadKey'));
}

export function parsePayloadKeys(text: string): readonly PayloadKey[] {
  return text.split('\n').map((line, index) => {
    if (!KEY_HEX.test(line.trim()))
      throw new Error(`payload-key, line ${index + 1}: expected 32 bytes as 64 hexadecimal digits`);
    const key = Buffer.from(line.trim(), 'hex');
    return { id: createHash('sha256').update(key).digest('hex').slice(0, ID_LENGTH), key };
  });
}

/** Returns nonce, authentication tag and ciphertext. Opens only with the same `purpose`, which travels with it. */
export function seal({ id, key }: PayloadKey, plain: Uint8Array, purpose = ''): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(id + purpose));
  const sealed = [cipher.update(plain), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
}

/** Null if it was not sealed with this key for this purpose, or was changed since. */
export function unseal({ id, key }: PayloadKey, sealed: Uint8Array, purpose = ''): Uint8Array | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(id + purpose));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return null;
  }
}
