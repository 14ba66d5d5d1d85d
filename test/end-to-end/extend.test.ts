/** docs/EXTEND.md, typed as it stands: each part is added to a desk of a new folder, and the desk then runs them. */

import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

interface Block {
  readonly language: string;
  readonly text: string;
}

/** What ships with Fermata: the files of the source that each touches. */
const IN_A_CHECKOUT: Readonly<Record<string, readonly string[]>> = {
  'A venue': ['venue/okx/definition.ts', 'venue/registry.ts'],
  'A check that ships': ['checks/open-orders.ts', 'checks/registry.ts'],
  'An incident kind': [
    'desk/incident-schema.ts',
    'workflows/operations/incident/playbooks/many-orders.ts',
    'workflows/operations/incident/playbooks/registry.ts',
  ],
};

let desk: DeskUnderTest;
/** By the line below which it stands. */
const inserted = new Map<string, string>();
let terminal: (line: string) => Promise<string>;
beforeAll(() => {
  desk = deskUnderTest('my-desk');
  const bin = join(desk.home, 'bin');
  mkdirSync(bin);
  const program = join(bin, 'fermata');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${repository}/bin/fermata.js' "$@"\n`);
  chmodSync(program, 0o700);
  const env = { ...process.env, FERMATA_HOME: desk.home, PATH: `${bin}:${process.env.PATH}` };
  terminal = (line) =>
    new Promise((settle, fail) => {
      execFile('bash', ['-c', line], { cwd: desk.home, env, timeout: 240_000 }, (error, stdout, stderr) =>
        error === null ? settle(stdout) : fail(new Error(`${line}: ${stdout}\n${stderr}`)),
      );
    });
});
afterAll(() => desk?.dispose());

it('what EXTEND.md says is typed: each part is one file and a step, and the desk runs all of them', async () => {
  const touched = new Map<string, readonly string[]>();
  let said = '';
  let ran = '';
  for (const { title, blocks } of sections().filter((section) => !(section.title in IN_A_CHECKOUT))) {
    const before = filesOfDesks();
    for (const { language, text } of blocks) {
      if (language === 'ts') write(text);
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
    'A field of the status': [],
  });
  // Its code runs in a process of its own.
  await until('the task of the playbook in code', async () =>
    (await terminal('fermata tasks')).includes('The broker was called'),
  );
  expect(ran).toMatch(/Exposure.*held: .*equity \d/);
  expect(readFileSync(join(desk.home, 'desks/my-desk/notes.txt'), 'utf8').trim().split('\n')).toHaveLength(1);
});

it('what it says of what ships is typed in a copy of the checkout, compiles, and touches what it says', async () => {
  const copy = join(desk.home, 'checkout');
  for (const name of [
    'src',
    'scripts',
    'desks',
    'docker-compose.yml',
    'docs',
    'dashboard',
    'package.json',
    'biome.json',
    'tsconfig.json',
    '.gitignore',
  ])
    cpSync(join(repository, name), join(copy, name), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'));
  await registerAnother(copy);
  const texts = () => textsBelow(join(copy, 'src'));
  for (const [title, touched] of Object.entries(IN_A_CHECKOUT)) {
    const before = texts();
    let said = '';
    for (const { language, text } of sections().find((section) => section.title === title)?.blocks ?? []) {
      if (language === 'ts') write(text, copy);
      else if (language === 'diff') patch(text, copy);
      else if (language === 'bash')
        for (const line of text.trim().split('\n')) said = await terminal(`cd checkout && ${line}`);
      else for (const line of text.trimEnd().split('\n')) expect(said).toContain(line);
    }
    const changed = [...texts()].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    expect(changed.toSorted(), title).toEqual(touched);
  }
  // Each further checker finds out for itself what the others know.
  await terminal('cd checkout && npx tsc -p tsconfig.json --noEmit --checkers 1');
  // What people have approved of a desk stands: a further kind of incident is no part of its configuration.
  const shipped = resolveDesk('crypto-bot');
  const hash = `import('./src/venue/load-desk.ts').then(({ loadDesk }) => console.log(loadDesk('${shipped}').configHash))`;
  const asked = `import('./src/venue/registry.ts').then(({ priceSourceOf }) => console.log(priceSourceOf('okx').probe))`;
  expect(await terminal(`cd checkout && node --import tsx -e "${hash}.then(() => ${asked})"`)).toBe(
    `${loadDesk(shipped).configHash}\nhttps://www.okx.com/api/v5/public/time\n`,
  );
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

function sections(): { readonly title: string; readonly blocks: readonly Block[] }[] {
  const [, ...parts] = readFileSync(join(repository, 'docs/EXTEND.md'), 'utf8').split(/^## /m);
  return parts.map((part) => ({
    title: part.split('\n')[0] ?? '',
    blocks: [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
      language,
      text,
    })),
  }));
}

/** Its first line says where. */
function write(text: string, below = desk.home): void {
  const file = join(below, /^\/\/ (\S+)/.exec(text)?.[1] ?? '');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Lines with a sign are changed, those without stand around them, each part by itself; `…` is whatever stands there. */
function patch(text: string, below: string): void {
  const [place = '', ...lines] = text.trimEnd().split('\n');
  const file = join(below, place.slice(3));
  for (const part of lines.join('\n').split('\n\n')) {
    const side = (sign: string): string =>
      part
        .split('\n')
        .filter((line) => line.startsWith(' ') || line.startsWith(sign))
        .map((line) => line.slice(1))
        .join('\n');
    const escaped = side('-').replace(/[^\w\s…]/g, '\\$&');
    const before = new RegExp(escaped.replace('…', '([^\\]]*?),?\\s*'));
    const whole = readFileSync(file, 'utf8');
    expect(whole).toMatch(before);
    writeFileSync(
      file,
      whole.replace(before, (_all, kept) => side('+').replace('…', kept)),
    );
  }
}

/** Somebody was here before: what the page says holds beside any other venue. */
async function registerAnother(copy: string): Promise<void> {
  write(
    `// src/venue/zzyzx/definition.ts
import { ccxtVenue } from '../ccxt/ccxt-venue.js';

export default ccxtVenue({ name: 'zzyzx', title: 'Zzyzx', address: 'https://zzyzx.example', probe: '/time' });
`,
    copy,
  );
  patch(
    `// src/venue/registry.ts
 import { ccxtNames, ccxtPrices } from './ccxt/ccxt-venue.js';
+import zzyzx from './zzyzx/definition.js';

-export const VENUES: readonly VenueDefinition[] = […];
+export const VENUES: readonly VenueDefinition[] = […, zzyzx];
`,
    copy,
  );
  await terminal('cd checkout && npx biome check --write src/venue');
}

function textsBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
    }),
  );
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
