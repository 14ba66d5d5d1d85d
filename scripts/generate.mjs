// Writes the files that are generated from the sources. `--check` writes nothing and exits with 1 if one of them
// differs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';
import { withParts } from './generated-parts.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
register();

const openApi = async () => (await import('../src/api/open-api.ts')).makeOpenApi();

/**
 * Each `make` returns the whole text of its file, each `parts` the text between two lines of that name; the
 * rest of such a file is written by hand. A new file needs one entry here.
 */
const GENERATED = [
  {
    path: '.env.example',
    make: async () => {
      const { environmentExampleText } = await import('../src/desk/environment-variable.ts');
      return environmentExampleText((await import('../src/venue/environment.ts')).ENVIRONMENT);
    },
  },
  {
    path: 'desks/schema.json',
    make: async () => (await import('../src/desk/schema-problems.ts')).deskJsonSchemaText(),
  },
  {
    path: 'docs/DESK_FILE.md',
    parts: async () => ({ keys: (await import('../src/desk/key-reference.ts')).keyReference() }),
  },
  {
    path: 'docs/CLI.md',
    parts: async () => ({
      'what a status says': (await import('../src/contracts/status-words.ts')).statusTable(),
    }),
  },
  {
    path: 'docs/LIMITS.md',
    parts: async () => ({ limits: (await import('../src/limits/registry.ts')).limitTable() }),
  },
  {
    path: 'docs/WOKEN.md',
    parts: async () => ({ notices: (await import('../src/contracts/notice.ts')).wokenTable() }),
  },
  {
    path: 'docs/ROUTINES.md',
    parts: async () => ({
      'what steps can name': (await import('../src/checks/registry.ts')).partTable(),
    }),
  },
  {
    path: 'docs/VENUES.md',
    parts: async () => {
      const { ratesTable, takenTable } = await import('../src/venue/registry.ts');
      return { 'what venues take': takenTable(), 'how often venues are asked': ratesTable() };
    },
  },
  {
    path: 'docker-compose.yml',
    parts: async () => ({
      'variables of venues': (await import('../src/venue/environment.ts')).venueVariables(),
    }),
  },
  {
    path: 'docs/openapi.json',
    make: async () => `${JSON.stringify(await openApi(), null, 2)}\n`,
  },
  {
    path: 'dashboard/src/api/openapi.ts',
    make: async () => (await import('fermata-api-types')).apiTypesText(await openApi()),
  },
];

const check = process.argv.includes('--check');
let different = 0;
for (const { path, make, parts } of GENERATED) {
  const file = join(root, path);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = parts === undefined ? await make() : withParts(path, before, await parts());
  if (text === before) continue;
  different += 1;
  if (check) {
    process.stderr.write(`✗ ${path} differs from what its sources say\n`);
  } else {
    writeFileSync(file, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
if (check && different > 0) {
  process.stderr.write('  do this: npm run generate\n');
  process.exit(1);
}
