/** A home has one name, whatever links lead there: its sockets are found by it, and with them a desk that is to stop. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { desksHomes, furtherDeskOf, knownHomeOf } from '../../src/home/installation.js';
import { forgetSockets, homePaths, installationOf, recordSockets } from '../../src/home/runtime.js';

let folder: string;
let home: string;
let link: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'linked-'));
  [home, link] = [join(folder, 'home'), join(folder, 'link')];
  mkdirSync(join(home, 'run'), { recursive: true });
  symlinkSync(home, link);
});
afterEach(() => {
  forgetSockets(home);
  rmSync(folder, { recursive: true, force: true });
});

it('has the same places by each link, those of its sockets and of its servers included', () => {
  expect(homePaths(link)).toEqual(homePaths(home));
  expect(homePaths(link).home).toBe(home);
});

it('has them before its folder is there', () => {
  const before = homePaths(join(link, 'later'));
  mkdirSync(join(home, 'later'));
  expect(before).toEqual(homePaths(join(home, 'later')));
  expect(homePaths(join(link, 'later'))).toEqual(before);
});

it('has the same further desks', () => {
  const further = join(home, 'desk-homes', 'other');
  mkdirSync(further, { recursive: true });
  expect(desksHomes(link)).toEqual([home, further]);
  expect(knownHomeOf(link, 'other')).toBe(further);
  symlinkSync(further, join(folder, 'other'));
  expect(installationOf(join(folder, 'other'))).toBe(home);
  expect(furtherDeskOf(join(folder, 'other'))).toBe('other');
});

it('knows the sockets that an earlier version has named after the link, and not those of the home that it was copied from', () => {
  const sockets = homePaths(join(folder, 'unlinked')).sockets;
  mkdirSync(sockets, { recursive: true });
  rmSync(link);
  writeFileSync(join(home, 'run', 'sockets'), sockets);
  writeFileSync(join(home, 'run', 'runtime.json'), JSON.stringify({ home: join(folder, 'unlinked') }));
  expect(homePaths(home).sockets).not.toBe(sockets);
  symlinkSync(home, join(folder, 'unlinked'));
  expect(homePaths(home).sockets).toBe(sockets);
  cpSync(home, join(folder, 'copy'), { recursive: true });
  expect(homePaths(join(folder, 'copy')).sockets).not.toBe(sockets);
});

it('records by a link what is found without it', () => {
  recordSockets(link);
  const { sockets } = homePaths(home);
  mkdirSync(sockets, { recursive: true });
  expect(homePaths(link).sockets).toBe(sockets);
});
