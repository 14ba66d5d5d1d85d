/** What `fermata init` writes tells an editor what code of the folder may import: the compiler itself judges it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { writeNewDesk } from '../../src/cli/commands/init.js';

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const PAGE = readFileSync(new URL('../../docs/PACK.md', import.meta.url), 'utf8');

const place = mkdtempSync(join(tmpdir(), 'fermata-editor-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

it('a new desk’s folder tells an editor of fermata/pack, and what is wrong with its code', () => {
  const { file } = writeNewDesk({ name: 'mine' }, place);
  const folder = dirname(file);
  const judge = (): string => {
    const { stdout } = spawnSync(process.execPath, [TSC, '-p', folder], { encoding: 'utf8' });
    return stdout;
  };
  // Those of the page, as they stand there.
  const examples = [...PAGE.matchAll(/```ts\n\/\/ desks\/my-desk\/(\S+)\n([\s\S]*?)```/g)];
  expect(examples.map(([, path]) => dirname(path ?? '')).sort()).toEqual([
    'actions',
    'checks',
    'playbooks',
    'reports',
  ]);
  for (const [, path = '', text = ''] of examples) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  expect(judge()).toBe('');
  const check = join(folder, 'checks/equity-floor.ts');
  const text = readFileSync(check, 'utf8');
  writeFileSync(check, text.replace('trader.equity', 'trader.equty'));
  expect(judge()).toContain("'equty' does not exist on type 'TraderFacts'");
});
