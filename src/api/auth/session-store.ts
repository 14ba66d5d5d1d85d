/**
 * Who is signed in. Stored in a file of its own, not in Postgres: the buttons must work while the database is
 * down, and a database restored to yesterday must not bring back refresh tokens that have been used since.
 * A sign-in is a family of refresh tokens; only the newest is valid. If an older one is presented, somebody
 * has a copy, so the whole family ends.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../domain/message-of.js';
import { PeopleFileUnusable } from '../../home/people-folder.js';

/** Sign-ins of one person. The next one ends that person's sign-in unused for longest, and nobody else's. */
const FAMILIES_OF_A_PERSON_MAX = 20;
export const REFRESH_LIFETIME_MS = 7 * 24 * 3600 * 1000;

interface Family {
  readonly person: string;
  readonly expiresMs: number;
  /** SHA-256, in hex, of the secret part of the one valid refresh token. */
  readonly current: string;
  /** The person's standing when the sign-in began; the sign-in ends when it changes. */
  readonly standing: string;
  /** Credential id of the passkey that it began with. */
  readonly passkey?: string;
}

/**
 * Null if nobody may be signed in as this person; a different text once password, roles or anything else has changed.
 */
type StandingOf = (person: string) => string | null;

type Rotation =
  | { readonly ok: true; readonly person: string; readonly family: string; readonly refreshToken: string }
  | { readonly ok: false; readonly reason: 'unknown' | 'expired' | 'reused' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const sameDigest = (left: string, right: string): boolean =>
  timingSafeEqual(Buffer.from(left, 'hex'), Buffer.from(right, 'hex'));

export class SessionStore {
  /** Those unused for longest first. */
  readonly #families: Map<string, Family>;
  #isUnwritten = false;

  private constructor(
    private readonly file: string,
    private readonly nowMs: () => number,
    private readonly standingOf: StandingOf,
    private readonly onUnwritten: (why: string) => void,
    families: Map<string, Family>,
  ) {
    this.#families = families;
  }

  /**
   * A missing or unreadable file means that nobody is signed in, which is the safe side. `onUnwritten`: told once
   * when the file can't be written any more.
   */
  static open(
    file: string,
    nowMs: () => number,
    standingOf: StandingOf,
    onUnwritten: (why: string) => void,
  ): SessionStore {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let families: [string, Family][] = [];
    try {
      families = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Family>);
    } catch {
      families = [];
    }
    return new SessionStore(file, nowMs, standingOf, onUnwritten, new Map(families));
  }

  /** `passkey`: the one used, if the person signed in with a passkey. */
  begin(person: string, passkey?: string): { readonly family: string; readonly refreshToken: string } {
    const family = randomBytes(12).toString('hex');
    this.#dropExpired();
    const own = [...this.#families].filter(([, { person: whose }]) => whose === person).map(([name]) => name);
    for (const name of own.slice(0, Math.max(0, own.length + 1 - FAMILIES_OF_A_PERSON_MAX)))
      this.#families.delete(name);
    return { family, refreshToken: this.#issue(family, person, passkey) };
  }

  /** Exchanges a refresh token for the next one of its family. */
  rotate(refreshToken: string): Rotation {
    const [name = '', secret = ''] = refreshToken.split('.');
    const family = this.#families.get(name);
    if (family === undefined) return { ok: false, reason: 'unknown' };
    if (family.expiresMs <= this.nowMs()) {
      this.end(name);
      return { ok: false, reason: 'expired' };
    }
    if (!this.#stands(family)) {
      this.end(name);
      return { ok: false, reason: 'unknown' };
    }
    if (!sameDigest(digest(secret), family.current)) {
      this.end(name);
      return { ok: false, reason: 'reused' };
    }
    const next = this.#issue(name, family.person, family.passkey);
    return { ok: true, person: family.person, family: name, refreshToken: next };
  }

  /** False also if a file about people can't be used: nothing counts then. `rotate` throws and names it. */
  isActive(family: string): boolean {
    const found = this.#families.get(family);
    if (found === undefined || found.expiresMs <= this.nowMs()) return false;
    try {
      if (!this.#stands(found)) return false;
      this.#keepAsNewest(family, found);
      return true;
    } catch (error) {
      if (error instanceof PeopleFileUnusable) return false;
      throw error;
    }
  }

  end(family: string): void {
    if (this.#families.delete(family)) this.#save();
  }

  /** Ends every sign-in that began with this passkey. */
  endOfPasskey(passkey: string): void {
    for (const [name, family] of this.#families) if (family.passkey === passkey) this.end(name);
  }

  #stands({ person, standing }: Family): boolean {
    const now = this.standingOf(person);
    return now !== null && digest(now) === standing;
  }

  #issue(family: string, person: string, passkey: string | undefined): string {
    const secret = randomBytes(32).toString('base64url');
    this.#keepAsNewest(family, {
      person,
      expiresMs: this.nowMs() + REFRESH_LIFETIME_MS,
      current: digest(secret),
      standing: digest(this.standingOf(person) ?? ''),
      ...(passkey === undefined ? {} : { passkey }),
    });
    this.#save();
    return `${family}.${secret}`;
  }

  /** A map keeps the place of a key that it has: what was used last has to be entered last. */
  #keepAsNewest(name: string, family: Family): void {
    this.#families.delete(name);
    this.#families.set(name, family);
  }

  #dropExpired(): void {
    const now = this.nowMs();
    for (const [name, family] of this.#families) if (family.expiresMs <= now) this.#families.delete(name);
  }

  /** A full disk signs nobody out, since Stop must work then: memory counts, and the next change writes the file. */
  #save(): void {
    const next = `${this.file}.next`;
    try {
      writeFileSync(next, JSON.stringify(Object.fromEntries(this.#families)), { mode: 0o600 });
      renameSync(next, this.file);
      this.#isUnwritten = false;
    } catch (error) {
      if (!this.#isUnwritten) this.onUnwritten(messageOf(error));
      this.#isUnwritten = true;
    }
  }
}
