/** docs/EXTEND.md, typed as it stands: each part is added to a desk of a new folder, and the desk then runs them. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { IN_A_CHECKOUT, sections, terminalIn, write } from './support/extend-page.js';

let desk: DeskUnderTest;
/** By the line below which it stands. */
const inserted = new Map<string, string>();
let terminal: (line: string) => Promise<string>;
beforeAll(() => {
  desk = deskUnderTest('my-desk');
  terminal = terminalIn(desk.home);
});
afterAll(() => desk?.dispose());

it('what EXTEND.md says is typed: each part is one file and a step, and the desk runs all of them', async () => {
  const touched = new Map<string, readonly string[]>();
  let said = '';
  let ran = '';
  for (const { title, blocks } of sections().filter((section) => !(section.title in IN_A_CHECKOUT))) {
    const before = filesOfDesks();
    for (const { language, text } of blocks) {
      if (language === 'ts') write(text, desk.home);
      else if (language === 'yaml') insert(title, text);
      else if (language === 'bash')
        for (const line of text.trim().split('\n')) {
          said = await type(line);
          if (line === 'fermata run own') ran = said;
        }
      else if (language === 'text') for (const line of text.trim().split('\n')) expect(said).toContain(line);
      else throw new Error(`a block that nobody types: ${language}`);
    }
    const changed = [...filesOfDesks()].filter(([path, text]) => before.get(path) !== text);
    touched.set(title, changed.map(([path]) => path).sort());
  }
  expect(Object.fromEntries(touched)).toEqual({
    'A desk': ['my-desk/desk.yaml', 'my-desk/tsconfig.json', 'schema.json'],
    'A check': ['my-desk/checks/spread.ts', 'my-desk/desk.yaml'],
    'A report': ['my-desk/desk.yaml', 'my-desk/reports/exposure.ts'],
    'An action': ['my-desk/actions/note.ts', 'my-desk/desk.yaml'],
    'An incident': ['my-desk/desk.yaml'],
    'A playbook in code': ['my-desk/playbooks/late-broker.ts'],
    'A strategy': ['my-desk/desk.yaml', 'my-desk/strategies/channel.ts'],
    'All of it, once': ['my-desk/notes.txt'],
    'A notice': [],
    'A field of the status': [],
  });
  // Its code runs in a process of its own.
  await until('the task of the playbook in code', async () =>
    (await desk.ask('tasks')).stdout.includes('The broker was called'),
  );
  expect(ran).toMatch(/Exposure.*held: .*equity \d/);
  expect(readFileSync(join(desk.home, 'desks/my-desk/notes.txt'), 'utf8').trim().split('\n')).toHaveLength(1);
});

async function type(line: string): Promise<string> {
  if (line.startsWith('fermata up ')) {
    await desk.up('--market', 'simulated', ...line.split(' ').slice(2));
    return '';
  }
  if (line !== 'fermata login operator') return terminal(line);
  await desk.signIn();
  return '';
}

/** As it stands there: the first below those of its lines that the file has, in the place of what it was before. */
function insert(title: string, text: string): void {
  const [place = '', first = '', ...lines] = text.split('\n');
  const file = join(desk.home, place.slice(2));
  const whole = readFileSync(file, 'utf8').replace(inserted.get(first) ?? '', '');
  let key = first;
  while (whole.includes(`\n${lines[0]}\n`)) key = lines.shift() ?? key;
  const added = lines.join('\n');
  expect(whole, title).toContain(`\n${key}`);
  writeFileSync(
    file,
    whole.replace(new RegExp(`^${key}.*\\n`, 'm'), (line) => `${line}${added}`),
  );
  inserted.set(first, added);
}

/** Text by path below `desks`. The desk keeps what is its own below the same folder here: that is nobody's file. */
function filesOfDesks(): Map<string, string> {
  const root = join(desk.home, 'desks');
  if (!existsSync(root)) return new Map();
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const isSource = (name: string): boolean => /\.(ts|yaml|txt)$|(tsconfig|schema)\.json$/.test(name);
  return new Map(names.filter(isSource).map((name) => [name, readFileSync(join(root, name), 'utf8')]));
}
