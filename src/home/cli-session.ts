/**
 * Who is signed in on the command line: one person for all desks that share their people, in a file that only its
 * owner can read. The session expires, and ends as soon as anything that the sign-in rests on changes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MINUTE_MS } from '../domain/civil-date.js';
import { peopleHomeOf } from './runtime.js';
import { readSecret } from './secrets.js';

const FILE = 'session.json';
const BYTES_MAX = 4096;
/** Keeps this MAC from passing for another one made with the same key. */
const PURPOSE = 'fermata command-line session';
/** A session that isn't used ends after this long. */
export const SESSION_REST_MS = 60 * MINUTE_MS;
export const SESSION_LASTS_MS = 12 * 60 * MINUTE_MS;
const CLOCK_TOLERANCE_MS = MINUTE_MS;

const sessionSchema = z.strictObject({
  version: z.literal(1),
  person: z.string().min(1).max(64),
  after: z.string().min(1).max(64).optional(),
  begunMs: z.number().int(),
  usedMs: z.number().int(),
  standing: z.string().length(64),
  mac: z.string().length(64),
});

type CliSession = z.infer<typeof sessionSchema>;

type CliSignIn =
  /** `after`: who was signed in before. That person's shell can't know that it now acts for `person`. */
  | { readonly ok: true; readonly person: string; readonly after: string | null }
  | { readonly ok: false; readonly why: string };

/** What the person's sign-in rests on now. */
type StandingOf = (person: string) => string;

/** Replaces the previous sign-in and records whose it was. Throws if no desk was ever started in `home`. */
export function beginCliSession(home: string, person: string, standing: string, nowMs: number): void {
  const before = read(home);
  const isOpen = before !== null && endedBy(home, before, nowMs) === null;
  const after = !isOpen ? undefined : before.person === person ? before.after : before.person;
  const whose = { person, ...(after === undefined ? {} : { after }) };
  write(home, { version: 1, ...whose, begunMs: nowMs, usedMs: nowMs, standing });
}

/** False: nobody was signed in. */
export function endCliSession(home: string): boolean {
  const known = read(home) !== null;
  rmSync(fileOf(home), { force: true });
  return known;
}

/** For decisions: checks everything that the sign-in rests on. Each use extends the session. */
export function signedInOnCli(home: string, standingOf: StandingOf, nowMs: number): CliSignIn {
  const session = read(home);
  if (session === null) return { ok: false, why: 'nobody is signed in' };
  const { mac: _mac, ...kept } = session;
  const why = endedBy(home, session, nowMs) ?? changed(session, standingOf);
  if (why !== null) {
    rmSync(fileOf(home), { force: true });
    return { ok: false, why };
  }
  try {
    write(home, { ...kept, usedMs: Math.max(kept.usedMs, nowMs) });
  } catch {
    // A full disk signs nobody out; the session only expires sooner.
  }
  return { ok: true, person: session.person, after: session.after ?? null };
}

/** For commands that need no sign-in: a name for the record. Never throws, and reads only small files. */
export function namedOnCli(home: string, nowMs: number): string | null {
  try {
    const session = read(home);
    return session !== null && endedBy(home, session, nowMs) === null ? session.person : null;
  } catch {
    return null;
  }
}

function endedBy(home: string, session: CliSession, nowMs: number): string | null {
  const { mac, ...kept } = session;
  const expected = Buffer.from(macOf(home, kept), 'hex');
  const found = Buffer.from(mac, 'hex');
  if (found.length !== expected.length || !timingSafeEqual(found, expected))
    return 'the session was not made by this installation';
  const { begunMs, usedMs, person } = session;
  if (nowMs < usedMs - CLOCK_TOLERANCE_MS)
    return `the session of ${person} has ended: this machine’s clock was set back since`;
  const isOver = nowMs >= begunMs + SESSION_LASTS_MS || nowMs >= usedMs + SESSION_REST_MS;
  return isOver ? `the session of ${person} has ended` : null;
}

function changed({ person, standing }: CliSession, standingOf: StandingOf): string | null {
  if (standingOf(person) === standing) return null;
  return `the password of ${person} has changed since, or another build signed them in`;
}

const fileOf = (home: string): string => join(peopleHomeOf(home), FILE);

/** Null also for a file that others may have read or written. */
function read(home: string): CliSession | null {
  const file = fileOf(home);
  try {
    const { mode, uid, size } = statSync(file);
    if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid) || size > BYTES_MAX) return null;
    return sessionSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function write(home: string, session: Omit<CliSession, 'mac'>): void {
  const file = fileOf(home);
  mkdirSync(peopleHomeOf(home), { recursive: true, mode: 0o700 });
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify({ ...session, mac: macOf(home, session) })}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
}

function macOf(home: string, session: Omit<CliSession, 'mac'>): string {
  const { person, after, begunMs, usedMs, standing } = session;
  const said = JSON.stringify([PURPOSE, person, begunMs, usedMs, standing, ...(after ? [after] : [])]);
  return createHmac('sha256', Buffer.from(readSecret(peopleHomeOf(home), 'tokenKey'), 'hex'))
    .update(said)
    .digest('hex');
}
