// `npm run structure [-- --all] [-- --json]`: figures about the structure of the sources. `--all` lists each place.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { NotCounted } from './structure/extensions.mjs';
import { structureOf } from './structure/figures.mjs';

const { values } = readOptions('npm run structure -- [--all] [--json]', {
  options: { all: { type: 'boolean' }, json: { type: 'boolean' } },
});
const figures = counted();
const SHOWN = 5;

if (values.json) {
  console.log(JSON.stringify(figures, null, 2));
} else {
  const count = (list) => list.length;
  const lines = [
    ['files in src, without the folders of extensions', figures.files],
    ['lines in src', figures.lines],
    ['files of 30 lines or fewer with one importer', figures.shortWithOneImporter],
    ['files of more than 250 lines', figures.long],
    ['names that several files have', figures.namesUsedOften],
    ['folders with one file, without those of venues', figures.foldersOfOne],
    ['imports of values that go up', figures.upwardValueImports],
    ['imports of types that go up', figures.upwardTypeImports],
    ['cycles of files by values', figures.valueCycles.map((group) => group.join(', '))],
    ['cycles of files by types and values', figures.typeCycles.map((group) => group.join(', '))],
    ['functions that a stop passes, from the button to its last cancel', figures.stopPasses],
    ['files whose classes say private where # is our way', figures.saysPrivate],
    ['functions that return an object whose functions share a variable', figures.stateInClosures],
    ['single statements in braces', figures.bracedAlone],
    ['files that name a venue outside its folder', figures.venuesNamedOutside],
    ['folders of venues that the registry lacks', figures.venuesNotRegistered],
    ['files that name a desk outside its folder', figures.desksNamedOutside],
    ['places that repeat six lines of another', figures.repeated],
    ...Object.entries(figures.touched).map(([kind, places]) => [
      `files touched beside its own: a ${kind}`,
      places,
    ]),
  ];
  for (const [what, figure] of lines) {
    console.log(`${String(Array.isArray(figure) ? count(figure) : figure).padStart(6)}  ${what}`);
    if (!Array.isArray(figure)) continue;
    for (const place of values.all ? figure : figure.slice(0, SHOWN)) console.log(`          ${place}`);
    if (!values.all && figure.length > SHOWN) console.log(`          … (--all shows ${figure.length})`);
  }
}

function counted() {
  try {
    return structureOf(dirname(dirname(fileURLToPath(import.meta.url))));
  } catch (error) {
    if (!(error instanceof NotCounted)) throw error;
    console.error(`✗ ${error.message}\n  do this: ${error.doThis}`);
    process.exit(1);
  }
}
