/**
 * Who is signed in. Stored in a file of its own, not in Postgres: the buttons must work while the database is
 * down, and a database restored to yesterday must not bring back refresh tokens that have been used since.
 * A sign-in is a family of refresh tokens; only the newest is valid. If an older one is presented, somebody
 * has a copy, so the whole family ends. Desks that share their people share the file, each from a process of its own
 * perhaps: every change begins with what the file says now.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../domain/message-of.js';
import { type FileLock, lockFileWithin } from '../../home/file-lock.js';
import { PeopleFileUnusable } from '../../home/people-folder.js';

/** Sign-ins of one person. The next one ends that person's sign-in unused for longest, and nobody else's. */
const FAMILIES_OF_A_PERSON_MAX = 20;
export const REFRESH_LIFETIME_MS = 7 * 24 * 3600 * 1000;
/** Pages of several desks share one cookie, and may all present it before the first answer has replaced it. */
const SHARED_COOKIE_MS = 30_000;
const FORMER_MAX = 16;
const LOCK_WITHIN_MS = 250;
/** Nor is another wait begun for so long after one that was in vain: it keeps the whole process waiting. */
const LOCK_LOST_MS = 10_000;

interface Former {
  readonly secret: string;
  /** When it was exchanged. */
  readonly atMs: number;
}

interface Family {
  readonly person: string;
  readonly expiresMs: number;
  /** SHA-256, in hex, of the secret part of the one valid refresh token. */
  readonly current: string;
  /** Those before it that were exchanged a moment ago, newest first. */
  readonly former?: readonly Former[];
  /** The person's standing when the sign-in began; the sign-in ends when it changes. */
  readonly standing: string;
  /** Credential id of the passkey that it began with. */
  readonly passkey?: string;
}

interface Whose {
  /** A different text once the password or anything else that a sign-in rests on has changed. */
  readonly standingOf: (person: string) => string;
  /** Whether the person has a role at this desk. */
  readonly mayHere: (person: string) => boolean;
}

/** `refreshToken`: null if another page of this browser has just got the newest one, in the cookie that they share. */
type Rotation =
  | {
      readonly ok: true;
      readonly person: string;
      readonly family: string;
      readonly refreshToken: string | null;
    }
  | { readonly ok: false; readonly reason: 'unknown' | 'expired' | 'reused' | 'no-role' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const sameDigest = (left: string, right: string): boolean =>
  timingSafeEqual(Buffer.from(left, 'hex'), Buffer.from(right, 'hex'));

export class SessionStore {
  /** Those unused for longest first. */
  #families = new Map<string, Family>();
  /** Which version of the file `#families` is from. */
  #version = '';
  #isUnwritten = false;
  /** What the file lacks of this process's changes. Null: ended. `isNew`: the file never had it. */
  readonly #unwritten = new Map<string, { readonly family: Family; readonly isNew: boolean } | null>();
  #lockLostMs = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly file: string,
    private readonly nowMs: () => number,
    private readonly whose: Whose,
    private readonly onUnwritten: (why: string) => void,
  ) {}

  /**
   * A missing or unreadable file means that nobody is signed in, which is the safe side. `onUnwritten`: told once
   * when the file can't be written any more.
   */
  static open(
    file: string,
    nowMs: () => number,
    whose: Whose,
    onUnwritten: (why: string) => void,
  ): SessionStore {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return new SessionStore(file, nowMs, whose, onUnwritten);
  }

  /** `passkey`: the one used, if the person signed in with a passkey. */
  begin(person: string, passkey?: string): { readonly family: string; readonly refreshToken: string } {
    return this.#changing(() => {
      const name = randomBytes(12).toString('hex');
      this.#dropExpired();
      const own = [...this.#families].filter(([, family]) => family.person === person).map(([key]) => key);
      for (const key of own.slice(0, Math.max(0, own.length + 1 - FAMILIES_OF_A_PERSON_MAX))) this.#drop(key);
      const standing = digest(this.whose.standingOf(person));
      const secret = this.#issue(name, {
        ...{ person, standing, expiresMs: 0, current: '' },
        ...(passkey === undefined ? {} : { passkey }),
      });
      return { family: name, refreshToken: secret };
    });
  }

  /** Exchanges a refresh token for the next one of its family. `isCookie`: pages of other desks may hold it too. */
  rotate(refreshToken: string, isCookie = false): Rotation {
    this.#readAnew();
    // Anybody may ask, and for what is not known nobody has to wait.
    if (!this.#families.has(refreshToken.split('.')[0] ?? '')) return { ok: false, reason: 'unknown' };
    return this.#changing(() => this.#rotate(refreshToken, isCookie));
  }

  /** False also if a file about people can't be used: nothing counts then. `rotate` throws and names it. */
  isActive(family: string): boolean {
    this.#readAnew();
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
    this.#changing(() => this.#end(family));
  }

  /** Ends every sign-in that began with this passkey. */
  endOfPasskey(passkey: string): void {
    this.#changing(() => {
      for (const [name, family] of this.#families) if (family.passkey === passkey) this.#end(name);
    });
  }

  #rotate(refreshToken: string, isCookie: boolean): Rotation {
    const [name = '', secret = ''] = refreshToken.split('.');
    const family = this.#families.get(name);
    if (family === undefined) return { ok: false, reason: 'unknown' };
    const { person, current, former = [] } = family;
    const ended = (reason: 'unknown' | 'expired' | 'reused'): Rotation => {
      this.#end(name);
      return { ok: false, reason };
    };
    if (family.expiresMs <= this.nowMs()) return ended('expired');
    if (!this.#stands(family)) return ended('unknown');
    const given = digest(secret);
    const isLate = isCookie && this.#recent(former).some((one) => sameDigest(given, one.secret));
    if (!isLate && !sameDigest(given, current)) return ended('reused');
    // The sign-in goes on at the other desks.
    if (!this.whose.mayHere(person)) return { ok: false, reason: 'no-role' };
    const next = isLate ? null : this.#issue(name, family);
    return { ok: true, person, family: name, refreshToken: next };
  }

  #stands({ person, standing }: Family): boolean {
    return digest(this.whose.standingOf(person)) === standing;
  }

  #issue(name: string, family: Family): string {
    const secret = randomBytes(32).toString('base64url');
    const nowMs = this.nowMs();
    const { current, former = [] } = family;
    const exchanged = current === '' ? [] : [{ secret: current, atMs: nowMs }, ...this.#recent(former)];
    const issued = {
      ...family,
      ...{ expiresMs: nowMs + REFRESH_LIFETIME_MS, current: digest(secret) },
      ...{ former: exchanged.slice(0, FORMER_MAX) },
    };
    const isNew = this.#unwritten.get(name)?.isNew ?? !this.#families.has(name);
    this.#unwritten.set(name, { family: issued, isNew });
    this.#keepAsNewest(name, issued);
    this.#save();
    return `${name}.${secret}`;
  }

  #recent(former: readonly Former[]): readonly Former[] {
    return former.filter(({ atMs }) => this.nowMs() - atMs < SHARED_COOKIE_MS);
  }

  #end(name: string): void {
    if (this.#drop(name)) this.#save();
  }

  #drop(name: string): boolean {
    this.#unwritten.set(name, null);
    return this.#families.delete(name);
  }

  /** A map keeps the place of a key that it has: what was used last has to be entered last. */
  #keepAsNewest(name: string, family: Family): void {
    this.#families.delete(name);
    this.#families.set(name, family);
  }

  #dropExpired(): void {
    const now = this.nowMs();
    for (const [name, family] of this.#families) if (family.expiresMs <= now) this.#drop(name);
  }

  /** Of two processes that write at once, the later would bring back what the earlier has ended. */
  #changing<T>(change: () => T): T {
    const lock = this.#lock();
    try {
      this.#readAnew();
      return change();
    } finally {
      lock?.release();
    }
  }

  /** Null where a lock can't be had soon: a suspended process or a full disk signs nobody out. */
  #lock(): FileLock | null {
    if (performance.now() - this.#lockLostMs < LOCK_LOST_MS) return null;
    try {
      const lock = lockFileWithin(`${this.file}.lock`, LOCK_WITHIN_MS);
      if (lock === null) this.#lockLostMs = performance.now();
      return lock;
    } catch {
      return null;
    }
  }

  /** What could not be written counts until it is, but for what has ended elsewhere meanwhile. */
  #readAnew(): void {
    const version = this.#versionNow();
    if (version === this.#version) return;
    this.#version = version;
    this.#families = familiesIn(this.file);
    for (const [name, change] of this.#unwritten) {
      if (change === null) this.#families.delete(name);
      else if (change.isNew || this.#families.has(name)) this.#families.set(name, change.family);
    }
  }

  #versionNow(): string {
    const found = statSync(this.file, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
  }

  /** A full disk signs nobody out, since Stop must work then: memory counts, and the next change writes the file. */
  #save(): void {
    const next = `${this.file}.next`;
    try {
      writeFileSync(next, JSON.stringify(Object.fromEntries(this.#families)), { mode: 0o600 });
      renameSync(next, this.file);
      this.#version = this.#versionNow();
      this.#isUnwritten = false;
      this.#unwritten.clear();
    } catch (error) {
      if (!this.#isUnwritten) this.onUnwritten(messageOf(error));
      this.#isUnwritten = true;
    }
  }
}

function familiesIn(file: string): Map<string, Family> {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Family | null>;
    return new Map(Object.entries(read).filter((entry): entry is [string, Family] => isFamily(entry[1])));
  } catch {
    return new Map();
  }
}

/** One entry that is damaged ends that sign-in alone. */
const isFamily = (read: Family | null): boolean =>
  typeof read?.person === 'string' &&
  typeof read.expiresMs === 'number' &&
  [read.current, read.standing].every((hash) => /^[0-9a-f]{64}$/.test(hash));
