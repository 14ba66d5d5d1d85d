/**
 * What the command line writes about people, read at every use. Also records whose sign-ins, passkeys and
 * Telegram links the operator has ended. If one of those files is damaged, reading it throws and nothing
 * counts, since everything may have been ended.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { lockFileWithin } from './file-lock.js';
import { readJson, writeJson } from './json-file.js';
import { peopleHomeOf } from './runtime.js';

/** Next to the secrets, where no role in a container can write. Desks that share their people share it. */
export const peopleFolder = (home: string): string => join(peopleHomeOf(home), 'people');

const textsSchema = z.record(z.string(), z.string());

/**
 * One of these files: a text for each name; empty if there is no file. Throws `PeopleFileUnusable` if it is
 * damaged or can't be read.
 */
export function readPeopleFile(file: string, doThis: string): Readonly<Record<string, string>> {
  try {
    return textsSchema.parse(readJson(file) ?? {});
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const found = error instanceof SyntaxError ? 'what is no JSON' : 'JSON of another shape';
    const problem = `is damaged (a text for each name is expected as JSON, and it holds ${found}), and was left as it is`;
    if (code === undefined) throw new PeopleFileUnusable(file, problem, doThis);
    throw new PeopleFileUnusable(file, `can't be read (${code})`, 'Let the user read it who runs the desk.');
  }
}

/** The message is for the log and the command line. Over the network, only the file's name is shown. */
export class PeopleFileUnusable extends Error {
  override readonly name = 'PeopleFileUnusable';
  readonly fileName: string;

  constructor(
    file: string,
    readonly problem: string,
    readonly doThis: string,
  ) {
    super(`${file} ${problem}. ${doThis}`);
    this.fileName = basename(file);
  }
}

const TURN_WITHIN_MS = 10_000;

/**
 * Changes these files, one process at a time. Of two changes at once, the later would overwrite the earlier,
 * and a removed person could still sign in. Throws if its turn does not come within ten seconds.
 */
export function changePeople<T>(home: string, change: () => T): T {
  const folder = peopleFolder(home);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFileWithin(join(folder, 'lock'), TURN_WITHIN_MS);
  if (lock === null)
    throw new Error(`another command has been writing in ${folder} for 10 s. Nothing was changed: try again`);
  try {
    return change();
  } finally {
    lock.release();
  }
}

const TAKEN_IN = 'taken-in';

/**
 * Before files about people had their own volume, they were in the home folder, which every role can write.
 * They are moved once; anything put there later is ignored.
 */
export function takeInPeople(homeBefore: string, home: string): void {
  const [from, to] = [join(homeBefore, 'people'), peopleFolder(home)];
  mkdirSync(to, { recursive: true, mode: 0o700 });
  if (existsSync(join(to, TAKEN_IN))) return;
  const names = existsSync(from) ? readdirSync(from) : [];
  for (const name of names) copyFileSync(join(from, name), join(to, name));
  writeFileSync(join(to, TAKEN_IN), '', { mode: 0o600 });
  for (const name of names) rmSync(join(from, name));
}

const SIGN_INS = 'ended-sign-ins.json';
const LINKS = 'ended-telegram-links.json';
const PASSKEYS = 'ended-passkeys.json';
const VOTES = 'ended-votes.json';

/** Ends all sign-ins of this person, however they began. */
export const endSignIns = (home: string, person: string): void => mark(home, SIGN_INS, person);

/** A different text after each `endSignIns`. */
export const signInMark = (home: string, person: string): string => markOf(home, SIGN_INS, person);

/** Ends this person's Telegram codes and links, whatever Postgres says. */
export const endTelegramLinks = (home: string, person: string): void => mark(home, LINKS, person);

/** A different text after each `endTelegramLinks`. */
export const linkMark = (home: string, person: string): string => markOf(home, LINKS, person);

/** Ends all passkeys of this person, whatever Postgres says. */
export const endPasskeys = (home: string, person: string): void => mark(home, PASSKEYS, person);

/** A different text after each `endPasskeys`. */
export const passkeyMark = (home: string, person: string): string => markOf(home, PASSKEYS, person);

/** Ends this one passkey, even if its row is put back or comes back with a backup. */
export const endPasskey = (home: string, id: string): void => mark(home, PASSKEYS, oneOf(id));

export const isEndedPasskey = (home: string, id: string): boolean => markOf(home, PASSKEYS, oneOf(id)) !== '';

/** Can't be a person's name: names have no spaces. */
const oneOf = (id: string): string => `passkey ${id}`;

/**
 * What was ended in one home ends in the other: passkeys by their id; of a person all passkeys and Telegram links, also
 * those made since, because marks of two homes can't be told apart by age.
 */
export function takeOverEnds(from: string, to: string): void {
  for (const name of [PASSKEYS, LINKS])
    for (const [ended, text] of Object.entries(read(join(peopleFolder(from), name))))
      mark(to, name, ended, ended.startsWith(oneOf('')) ? text : undefined);
  for (const [person, text] of Object.entries(read(join(peopleFolder(from), VOTES))))
    mark(to, VOTES, person, text);
}

/** Of a person who leaves. Passkeys come before sign-ins: a sign-in in progress checks its passkey last. */
export function endPerson(home: string, person: string): void {
  endPasskeys(home, person);
  endSignIns(home, person);
  endTelegramLinks(home, person);
  mark(home, VOTES, person, new Date().toISOString());
}

/** Wall milliseconds: what this person decided until then counts no more, though it was signed and waits. Null: never. */
export function votesEndedMs(home: string, person: string): number | null {
  const ended = markOf(home, VOTES, person);
  return ended === '' ? null : Date.parse(ended);
}

function mark(home: string, name: string, person: string, text = randomBytes(12).toString('hex')): void {
  const file = join(peopleFolder(home), name);
  changePeople(home, () => writeJson(file, { ...read(file), [person]: text }));
}

function markOf(home: string, name: string, person: string): string {
  const marks = read(join(peopleFolder(home), name));
  return Object.hasOwn(marks, person) ? (marks[person] ?? '') : '';
}

const read = (file: string): Readonly<Record<string, string>> =>
  readPeopleFile(
    file,
    'Until it is whole, nothing that it may have ended counts. Put an intact copy in its place; without one, remove it and end again what was ended (fermata person remove NAME, fermata telegram unlink NAME)',
  );
