/** Where a desk's name leads: a folder with `desk.yaml`; a single file of before goes on loading. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeNewDesk } from '../../src/cli/commands/init.js';
import { folderNotice, isShipped, resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const CRYPTO = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');

let folder: string;
let home: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-desks-'));
  home = join(folder, 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const resolved = (name: string): string => resolveDesk(name, { workingFolder: folder, home });
const seedOf = (name: string): number => loadDesk(resolved(name)).desk.market.seed;

function write(path: string, seed: number): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, CRYPTO.replace('seed: 7', `seed: ${seed}`));
  return path;
}

const SHIPPED = fileURLToPath(new URL('../../desks', import.meta.url));

it.each(['crypto-bot', 'slob'])(
  '%s comes with Fermata, and a desk beside it in a checkout is a person’s own',
  (name) => {
    const file = join(SHIPPED, name, 'desk.yaml');
    expect(existsSync(file)).toBe(true);
    for (const path of [file, join(SHIPPED, name)]) expect(isShipped(path), path).toBe(true);
    for (const own of ['mine', `${name}-mine`]) expect(isShipped(join(SHIPPED, own))).toBe(false);
    expect(isShipped(join(folder, 'desks', name))).toBe(false);
  },
);

describe('the name of a desk', () => {
  it('is looked for in the working folder before the home, in the home before what ships', () => {
    expect(seedOf('crypto-bot')).toBe(7);
    write(join(home, 'desks/crypto-bot/desk.yaml'), 8);
    expect(seedOf('crypto-bot')).toBe(8);
    write(join(folder, 'desks/crypto-bot/desk.yaml'), 9);
    expect(seedOf('crypto-bot')).toBe(9);
  });

  it('leads to a single file of before, with how to make it a folder', () => {
    const file = write(join(folder, 'desks/crypto-bot.yaml'), 8);
    expect(seedOf('crypto-bot')).toBe(8);
    const asFolder = join(folder, 'desks/crypto-bot');
    expect(folderNotice(file)).toContain(`mkdir ${asFolder} && mv ${file} ${join(asFolder, 'desk.yaml')}`);
    for (const place of [resolved('my.yaml'), join(folder, 'desks/x/desk.yaml')])
      expect(folderNotice(place), place).toBeNull();
  });

  it('is refused where a folder and a file are both there, each named', () => {
    const file = write(join(folder, 'desks/mine.yaml'), 8);
    const inFolder = write(join(folder, 'desks/mine/desk.yaml'), 9);
    expect(() => resolved('mine')).toThrow(
      `desk mine: expected one of the two; found both ${inFolder} and ${file}`,
    );
  });

  it('may be a path: of a file, of a folder, or where the file lay before it became one', () => {
    const file = write(join(folder, 'some/where/desk.yaml'), 8);
    expect(resolved('some/where')).toBe(file);
    expect(resolved('some/where/')).toBe(file);
    expect(resolved('some/where/desk.yaml')).toBe(file);
    expect(resolved('some/where.yaml')).toBe(file);
    // A desk that runs keeps the path that it was started with.
    expect(loadDesk(join(folder, 'some/where.yaml')).desk.market.seed).toBe(8);
    expect(resolved('some/other.yaml')).toBe(join(folder, 'some/other.yaml'));
  });

  it('finds what was written by `fermata init`, which overwrites neither form', () => {
    const { file } = writeNewDesk({ name: 'mine', balance: '777' }, folder);
    expect(resolved('mine')).toBe(file);
    expect(file).toBe(join(folder, 'desks/mine/desk.yaml'));
    expect(loadDesk(file).desk).toMatchObject({ desk: 'mine', paper: { balance: '777' } });
    // Where the first line of the file leads editors.
    expect(
      existsSync(join(folder, 'desks/mine', /\$schema=(\S+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? '')),
    ).toBe(true);
    expect(() => writeNewDesk({ name: 'mine' }, folder)).toThrow(`${file} exists already`);
    const before = write(join(folder, 'desks/old.yaml'), 8);
    expect(() => writeNewDesk({ name: 'old' }, folder)).toThrow(`${before} exists already`);
  });

  it('finds a desk that began like another one: with its code, and with real money only if asked for', () => {
    const approver = ['bert'];
    const { file } = writeNewDesk({ name: 'mine', like: 'slob', balance: '777' }, folder);
    const beside = readdirSync(join(folder, 'desks/mine')).sort();
    expect(beside).toEqual(['aliases.yaml', 'checks', 'desk.yaml', 'reports', 'strategies', 'tsconfig.json']);
    const slob = loadDesk(resolveDesk('slob')).desk;
    const mine = loadDesk(file).desk;
    expect(mine).toEqual({ ...slob, desk: 'mine', paper: { ...slob.paper, balance: '777' } });
    const live = writeNewDesk({ name: 'real', like: file, live: true, approver }, folder);
    const { venue, mode, resume, people } = loadDesk(live.file).desk;
    expect({ ...venue, mode }).toMatchObject({ name: 'ibkr', testnet: false, mode: 'live' });
    expect(venue.account).toBeUndefined();
    expect(resume).toMatchObject({ startup: 'person', fault: 'person' });
    expect(people.find(({ name }) => name === 'bert')?.roles).toEqual(['approver']);
    const again = writeNewDesk({ name: 'look', like: live.file }, folder);
    expect(loadDesk(again.file).desk.mode).toBe('paper');
  });

  it('leaves nothing of a desk that can not be like another one, and nothing of a user’s own behind', () => {
    const { file } = writeNewDesk({ name: 'mine', like: 'slob' }, folder);
    for (const unfit of [{ symbol: ['ES/USD'] }, { from: '.env' }])
      expect(() => writeNewDesk({ name: 'other', like: file, ...unfit }, folder)).toThrow(
        '--like takes everything from',
      );
    rmSync(join(folder, 'desks/mine/strategies/slob.ts'));
    expect(() => writeNewDesk({ name: 'other', like: file }, folder)).toThrow('found no such file');
    expect(existsSync(join(folder, 'desks/other'))).toBe(false);
    const own = join(folder, 'desks/other/checks/own.ts');
    mkdirSync(join(own, '..'), { recursive: true });
    writeFileSync(own, '// mine');
    expect(() => writeNewDesk({ name: 'other', like: 'slob' }, folder)).toThrow('checks exists already');
    expect(readFileSync(own, 'utf8')).toBe('// mine');
    const twin = join(folder, 'desks/twin/desk.yaml');
    mkdirSync(join(twin, '..'));
    writeFileSync(twin, 'desk: twin\ntwinOf: crypto-bot\n');
    expect(() => writeNewDesk({ name: 'more', like: twin }, folder)).toThrow('is a paper twin');
  });
});
