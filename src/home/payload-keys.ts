/**
 * The keys that seal everything that Temporal stores. The secret file `payload-key` holds one key per line
 * (32 bytes hex): the first one seals, all of them open. An old key stays while Temporal may still hold data
 * that it sealed.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, SECRET_FILES } from './runtime.js';
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

/** Newest first. Throws, and says what to do, if there is no key or a line is not a key. */
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

/**
 * Returns nonce, authentication tag and ciphertext. Opens only with the same `purpose`, which must be stored
 * alongside.
 */
export function seal({ id, key }: PayloadKey, plain: Uint8Array, purpose = ''): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(id + purpose));
  const sealed = [cipher.update(plain), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]);
}

/** Null: it was not sealed with this key for this purpose, or was changed since. */
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

interface Canary {
  readonly keyId: string;
  /** Base64. */
  readonly sealed: string;
}

const WORD = 'canary';

/**
 * One sealed word per key under which Temporal may still hold data, stored next to its database. After a
 * change of `payload-key`, a start could meet runs that it can't read: it is refused before anything changes.
 * Throws if a key is missing that Temporal's database still needs. Otherwise adds a word for the newest key.
 */
export function checkPayloadCanary(home: string): void {
  const paths = homePaths(home);
  const file = join(paths.temporal, 'payload-canary.json');
  const keys = readPayloadKeys(home);
  const canaries = readCanaries(file);
  const lost = canaries.filter((canary) => !opens(keys, canary)).map(({ keyId }) => keyId);
  if (lost.length > 0) {
    throw new Error(
      `${join(paths.secrets, SECRET_FILES.payloadKey)} lacks the key ${lost.join(', ')}, and Temporal's database holds ` +
        'runs that only it opens. Nothing was started or changed. Put that key back as a further line of the file; ' +
        `or, to give those runs up, move ${paths.temporal} away: schedules and pauses come back by themselves.`,
    );
  }
  const [newest] = keys;
  if (newest === undefined || canaries.some(({ keyId }) => keyId === newest.id)) return;
  const sealed = Buffer.from(seal(newest, Buffer.from(WORD))).toString('base64');
  mkdirSync(paths.temporal, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify([...canaries, { keyId: newest.id, sealed }]), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function readCanaries(file: string): readonly Canary[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Canary[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function opens(keys: readonly PayloadKey[], { keyId, sealed }: Canary): boolean {
  const key = keys.find(({ id }) => id === keyId);
  const word = key && unseal(key, Buffer.from(sealed, 'base64'));
  return word != null && Buffer.from(word).toString() === WORD;
}

/** Where Temporal's UI has payloads decrypted: by the web role, on the port that serves the UI. */
export const CODEC_PATH = '/fermata/codec';
