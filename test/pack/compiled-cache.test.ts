import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEPT_MAX } from '../../src/pack/compiled-cache.js';
import type { DescribedStrategy } from '../../src/pack/protocol.js';

const HELPER = 'export const bars = 5;\n';
const STRATEGY = `import { strategy } from 'fermata/strategy';
import { bars } from './helper.js';
export default strategy({
  suits: 'trending',
  parameters: {},
  create: () => ({ warmupBars: bars, onBar() {}, state: () => 'waits' }),
});
`;
const FILE = 'strategies/kept.ts';

let folder: string;
let cache: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-desk-'));
  cache = mkdtempSync(join(tmpdir(), 'fermata-cache-'));
  mkdirSync(join(folder, 'strategies'));
  writeFileSync(join(folder, 'strategies/helper.ts'), HELPER);
  writeFileSync(join(folder, FILE), STRATEGY);
});

afterEach(() => {
  for (const place of [folder, cache]) rmSync(place, { recursive: true, force: true });
});

const READ = `
const { describeStrategies } = await import(process.argv[1]);
console.log(JSON.stringify(describeStrategies(process.argv[2], [process.argv[3]])));
`;
const reader = resolve('dist/pack/strategy/read-strategies.js');

/** By a process that knows nothing yet. */
function another(file = FILE): DescribedStrategy[] {
  const args = ['--input-type=module', '-e', READ, reader, folder, file];
  const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache };
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' }));
}

const place = (kind = 'strategies') => join(cache, 'fermata', kind);
/** Each that is compiled is a file anew. */
const kept = (kind?: string) => readdirSync(place(kind)).map((name) => statSync(join(place(kind), name)).ino);

describe('a strategy that was compiled before', () => {
  it('is not compiled again by another process, and is the same', () => {
    const compiled = another();
    expect(compiled).toMatchObject([{ file: FILE, files: [{}, {}] }]);
    const before = kept();
    expect(another()).toEqual(compiled);
    expect(kept()).toEqual(before);
  });

  it('is compiled again once any file of it is another, and where what was kept can not be read', () => {
    const [before] = another();
    const [first] = kept();
    writeFileSync(join(folder, 'strategies/helper.ts'), HELPER.replace('5', '6'));
    const [after] = another();
    expect(after?.hash).not.toBe(before?.hash);
    expect(kept()).not.toEqual([first]);
    const [name = ''] = readdirSync(place());
    writeFileSync(join(place(), name), '{"file":');
    expect(another()).toEqual([after]);
    expect(JSON.parse(readFileSync(join(place(), name), 'utf8'))).toEqual(after);
  });

  it('is compiled again once a file is added that an import may mean from then on', () => {
    writeFileSync(join(folder, FILE), STRATEGY.replace('./helper.js', './helper'));
    rmSync(join(folder, 'strategies/helper.ts'));
    writeFileSync(join(folder, 'strategies/helper.js'), HELPER);
    const [before] = another();
    writeFileSync(join(folder, 'strategies/helper.ts'), HELPER.replace('5', '7'));
    const [after] = another();
    expect(after?.hash).not.toBe(before?.hash);
    expect(after?.files.map(({ path }) => path)).toContain('strategies/helper.ts');
  });

  it('of another name is another, though its text is the same', () => {
    another();
    cpSync(join(folder, FILE), join(folder, 'strategies/other.ts'));
    expect(another('strategies/other.ts')).toMatchObject([{ file: 'strategies/other.ts' }]);
    expect(kept()).toHaveLength(2);
  });

  it('is compiled each time where nothing can be kept', () => {
    writeFileSync(join(cache, 'fermata'), 'no folder');
    expect(another()).toEqual(another());
  });

  it('is kept for as many as a user has, not for ever', () => {
    another();
    const [newest = ''] = readdirSync(place());
    for (let copy = 0; copy < KEPT_MAX; copy += 1)
      cpSync(join(place(), newest), join(place(), `${copy}.json`));
    writeFileSync(join(folder, FILE), STRATEGY.replace('waits', 'waits on'));
    another();
    expect(kept()).toHaveLength(KEPT_MAX);
  });
});

describe('a playbook that was compiled before', () => {
  const PLAYBOOK = `import { playbook } from 'fermata/pack';
import { z } from 'zod';
import { minutes } from './parts/minutes.js';
export default playbook({
  title: 'The bank is late',
  parameters: z.object({ minutes: z.number().default(minutes) }),
  run: async (incident) => { await incident.wait(minutes); return 'waited'; },
});
`;
  const READ_PLAYBOOKS = `
const { readPlaybooks } = await import(process.argv[1]);
console.log(JSON.stringify(readPlaybooks(process.argv[2])));
`;

  beforeEach(() => {
    writeFileSync(join(folder, 'desk.yaml'), '');
    mkdirSync(join(folder, 'playbooks/parts'), { recursive: true });
    writeFileSync(join(folder, 'playbooks/parts/minutes.ts'), 'export const minutes = 5;\n');
    writeFileSync(join(folder, 'playbooks/late-bank.ts'), PLAYBOOK);
  });

  function read(): { readonly names: string[]; readonly playbooks: readonly { readonly hash: string }[] } {
    const args = ['--input-type=module', '-e', READ_PLAYBOOKS];
    const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache };
    const program = resolve('dist/pack/playbook/read-playbooks.js');
    return JSON.parse(execFileSync(process.execPath, [...args, program, folder], { env, encoding: 'utf8' }));
  }

  it('is not compiled again by another process, and is the same', () => {
    const compiled = read();
    expect(compiled.playbooks).toMatchObject([
      { name: 'late-bank', title: 'The bank is late', files: [{}, {}] },
    ]);
    const before = kept('playbooks');
    expect(before).toHaveLength(1);
    expect(read()).toEqual(compiled);
    expect(kept('playbooks')).toEqual(before);
  });

  it('is compiled again once any file of it is another', () => {
    const before = read();
    writeFileSync(join(folder, 'playbooks/parts/minutes.ts'), 'export const minutes = 6;\n');
    const after = read();
    expect(after.playbooks[0]?.hash).not.toBe(before.playbooks[0]?.hash);
    expect(kept('playbooks')).toHaveLength(1);
  });

  it('is what it says, and not what another one left under its name', () => {
    const before = read();
    const [name = ''] = readdirSync(place('playbooks'));
    const strange = {
      ...JSON.parse(readFileSync(join(place('playbooks'), name), 'utf8')),
      file: 'playbooks/other.ts',
    };
    writeFileSync(join(place('playbooks'), name), JSON.stringify(strange));
    expect(read()).toEqual(before);
  });
});
