/** What docs/EXTEND.md says of what ships with Fermata, typed as it stands in a copy of the checkout. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { repository } from '../support/desk-under-test.js';
import { IN_A_CHECKOUT, sections, terminalIn, write } from './support/extend-page.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-extend-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const terminal = terminalIn(folder);

it('what it says of what ships is typed in a copy of the checkout, compiles, and touches what it says', async () => {
  const copy = join(folder, 'checkout');
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
  await terminal('cd checkout && node_modules/.bin/tsc -p tsconfig.json --noEmit --checkers 1');
  // What people have approved of a desk stands: a further kind of incident is no part of its configuration.
  const shipped = resolveDesk('crypto-bot');
  const hash = `import('./src/venue/load-desk.ts').then(({ loadDesk }) => console.log(loadDesk('${shipped}').configHash))`;
  const asked = `import('./src/venue/registry.ts').then(({ priceSourceOf }) => console.log(priceSourceOf('okx').probe))`;
  expect(await terminal(`cd checkout && node --import tsx -e "${hash}.then(() => ${asked})"`)).toBe(
    `${loadDesk(shipped).configHash}\nhttps://www.okx.com/api/v5/public/time\n`,
  );
  // All of it compiles several times: on a slow machine with four other files beside it that took over six minutes.
}, 900_000);

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
  await terminal('cd checkout && node_modules/.bin/biome check --write src/venue');
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
