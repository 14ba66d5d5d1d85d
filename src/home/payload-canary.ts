/**
 * One sealed word for each key with which Temporal may still hold something, stored beside its database. After a
 * change of `payload-key` a start would find runs that it can't read: it is refused before anything is touched.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PayloadKey, readPayloadKeys, seal, unseal } from './payload-keys.js';
import { homePaths, SECRET_FILES } from './runtime.js';

interface Canary {
  readonly keyId: string;
  /** Base64. */
  readonly sealed: string;
}

const WORD = 'canary';

/** Throws if a key is missing that Temporal's database still needs; otherwise adds a word for the newest key. */
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
