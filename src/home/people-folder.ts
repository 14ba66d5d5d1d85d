import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from './json-file.js';
import { homePaths } from './runtime.js';

/** What the command line writes about people. Beside the secrets, where no role in a container can write. */
export const peopleFolder = (home: string): string => join(homePaths(home).home, 'people');

const textsSchema = z.record(z.string(), z.string());

/** One of the files there: a text for each name; empty if there is no file. Throws if it is damaged or can't be read. */
export function readPeopleFile(file: string, doThis: string): Readonly<Record<string, string>> {
  try {
    return textsSchema.parse(readJson(file) ?? {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new Error(`${file} is damaged, and was left as it is. ${doThis}`);
  }
}

const TAKEN_IN = 'taken-in';

/**
 * Before files about people had a volume of their own, they were in the home folder, which every role can write. They
 * are moved once; anything put there later is ignored.
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
