import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBuildPointer } from '../../src/home/builds.js';
import { homeId } from '../../src/home/installation.js';
import { runtimeHere, startedHomes } from '../../src/home/started-desks.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-home-id-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the id of a home folder', () => {
  it('is made once, says nothing of the machine, and is read by its owner only', () => {
    const home = join(folder, 'new', 'home');
    const id = homeId(home);
    expect(id).toMatch(/^[0-9a-f]{24}$/);
    expect(homeId(home)).toBe(id);
    expect(readdirSync(home)).toEqual(['home-id']);
    expect(readFileSync(join(home, 'home-id'), 'utf8')).toBe(`${id}\n`);
    expect(statSync(join(home, 'home-id')).mode & 0o777).toBe(0o600);
  });

  it('is another one in each home', () => {
    expect(homeId(join(folder, 'one'))).not.toBe(homeId(join(folder, 'two')));
  });

  it('is kept where the folder can only be read', () => {
    const id = homeId(folder);
    chmodSync(folder, 0o500);
    expect(homeId(folder)).toBe(id);
    chmodSync(folder, 0o700);
  });

  it('is the host’s name where it can’t be kept or is not one, and leaves what is there', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(homeId(join(file, 'home'))).toBe(hostname());

    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'home-id'), 'mine\n');
    expect(homeId(foreign)).toBe(hostname());
    expect(readFileSync(join(foreign, 'home-id'), 'utf8')).toBe('mine\n');
  });
});

it('says whose a home is that this user can’t read, and never that no desk runs there', () => {
  const isRoot = process.getuid?.() === 0;
  chmodSync(folder, isRoot ? 0o700 : 0);
  if (isRoot) process.seteuid?.(65_534);
  try {
    for (const read of [runtimeHere, startedHomes, readBuildPointer])
      expect(() => read(folder)).toThrow(
        /^the user \S+ can’t read .+: it belongs to (root|user \d+|another user)$/,
      );
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o700);
  }
  expect(runtimeHere(folder)).toBeNull();
});
