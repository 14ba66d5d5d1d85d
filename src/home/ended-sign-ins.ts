/** Whose sign-ins were ended by the operator: written by the command line, read by the web role at every request. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peopleFolder } from './people-folder.js';

const FILE = 'ended-sign-ins.json';

/** Everything that this person is signed in with ends, whatever it was begun with. */
export function endSignIns(home: string, person: string): void {
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  const file = fileOf(home);
  const marks = { ...read(file), [person]: randomBytes(12).toString('hex') };
  writeFileSync(`${file}.new`, `${JSON.stringify(marks, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Another text after each `endSignIns`. */
export function signInMark(home: string, person: string): string {
  const marks = read(fileOf(home));
  return Object.hasOwn(marks, person) ? (marks[person] ?? '') : '';
}

const fileOf = (home: string): string => join(peopleFolder(home), FILE);

function read(file: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
