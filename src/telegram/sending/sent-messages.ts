/**
 * The ids of the messages that a bot has sent, and a fingerprint of each. They outlive this process in a file that all
 * desks of the installation with the same bot share: so a message whose answer was lost is looked for without
 * overwriting another one, and one that could not be recorded in Postgres is recognised.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { homePaths } from '../../home/runtime.js';

/** A full file becomes the older one, and the older one of before is given up. A message takes about 40 bytes. */
const BYTES_MAX = 64 * 1024;
const KEPT_IN_MEMORY = 1_000;

/** One file for each bot in the run folder, named by a fingerprint of its token. */
export const sentFileOf = (home: string, token: string): string =>
  join(homePaths(home).servers.run, `bot-${fingerprintOf(token)}.sent`);

export const fingerprintOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

export class SentMessages {
  /** Of this process: what could not be written, as on a full disk, is known at least until it ends. */
  readonly #ours = new Map<string, string>();

  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  }

  /** `scope`: what counts its messages by itself; without spaces. */
  add(scope: string, messageId: number, fingerprint: string): void {
    const key = `${scope} ${messageId}`;
    this.#ours.delete(key);
    this.#ours.set(key, fingerprint);
    const [oldest] = this.#ours.keys();
    if (this.#ours.size > KEPT_IN_MEMORY && oldest !== undefined) this.#ours.delete(oldest);
    try {
      appendFileSync(this.file, `${key} ${fingerprint}\n`, { mode: 0o600 });
      if (statSync(this.file).size > BYTES_MAX) renameSync(this.file, olderOf(this.file));
    } catch {
      // A message that is not recorded may be overwritten or come twice; that is better than no alert.
    }
  }

  /** The fingerprint of each message of a scope with a higher id than `messageId`, by id. */
  after(scope: string, messageId: number): ReadonlyMap<number, string> {
    const written = [olderOf(this.file), this.file].flatMap(linesOf);
    const ours = [...this.#ours].map(([key, print]) => `${key} ${print}`);
    const found = new Map<number, string>();
    for (const line of [...written, ...ours]) {
      const [of, id = '', print = ''] = line.split(' ');
      if (of === scope && Number(id) > messageId) found.set(Number(id), print);
    }
    return found;
  }
}

const olderOf = (file: string): string => `${file}.1`;

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
