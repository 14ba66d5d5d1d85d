/** Imports go down only. The table is the architecture; docs/ARCHITECTURE.md shows the same one. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init, parse } from 'es-module-lexer';
import { transformWithOxc } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'src');

/** Folder → folders it may import from (values; type-only imports carry nothing at run time and are free). */
const table: Record<string, readonly string[]> = {
  domain: [],
  engine: ['domain'],
  desk: ['domain', 'engine'],
  home: ['domain', 'desk'],
  venue: ['domain', 'engine', 'desk'],
  store: ['domain', 'desk', 'home'],
  market: ['domain', 'desk', 'venue'],
  trader: ['domain', 'engine', 'desk', 'home', 'venue', 'market'],
  ledger: ['domain', 'desk', 'home', 'store', 'trader'],
  auditor: ['domain', 'desk', 'home', 'venue', 'market', 'trader'],
  supervisor: ['domain', 'desk', 'home', 'store', 'trader'],
  notify: ['domain', 'desk', 'home', 'store'],
  backup: ['domain', 'engine', 'desk', 'home', 'venue', 'store', 'trader', 'ledger', 'supervisor'],
  validation: ['domain', 'engine', 'desk', 'home', 'venue', 'market', 'store', 'trader'],
  reports: ['domain', 'desk', 'home', 'store', 'trader'],
  checks: [
    'domain',
    'desk',
    'home',
    'venue',
    'store',
    'trader',
    'supervisor',
    'notify',
    'backup',
    'validation',
    'reports',
  ],
  activities: [
    'domain',
    'desk',
    'home',
    'store',
    'trader',
    'supervisor',
    'notify',
    'backup',
    'validation',
    'reports',
    'checks',
  ],
  workflows: ['domain'],
  operations: [
    'domain',
    'desk',
    'home',
    'store',
    'trader',
    'notify',
    'backup',
    'validation',
    'reports',
    'checks',
    'workflows',
    'activities',
  ],
  telegram: ['domain', 'desk', 'home', 'store', 'trader', 'notify', 'operations'],
  api: ['domain', 'desk', 'home', 'store', 'trader', 'operations'],
  worker: ['*'],
  cli: ['*'],
};

/** Packages that a folder must never load: the trader stays small, workflows stay deterministic. */
const forbidden: Record<string, RegExp> = {
  domain: /^(?!node:crypto$)/,
  engine: /^(?!node:crypto$)/,
  trader: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  venue: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  market: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  workflows: /^(?!@temporalio\/(workflow|common)$)/,
};

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return /\.ts$/.test(entry.name) && !/\.d\.ts$/.test(entry.name) ? [path] : [];
  });
}

interface Edge {
  readonly from: string;
  readonly file: string;
  readonly to: string;
  readonly specifier: string;
}

async function edgesOf(file: string): Promise<Edge[]> {
  const javascript = await transformWithOxc(readFileSync(file, 'utf8'), file);
  const [imports] = parse(javascript.code);
  return imports.flatMap(({ n: specifier }) => {
    if (specifier === undefined) return [];
    const from = relative(source, file).split('/')[0] ?? '';
    const to = specifier.startsWith('.')
      ? (relative(source, resolve(dirname(file), specifier)).split('/')[0] ?? '')
      : `package:${specifier}`;
    return [{ from, file: relative(root, file), to, specifier }];
  });
}

let edges: Edge[] = [];
beforeAll(async () => {
  await init;
  edges = (await Promise.all(sourceFiles(source).map(edgesOf))).flat();
});

describe('the import table', () => {
  it('knows every folder of src', () => {
    const folders = readdirSync(source, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && sourceFiles(join(source, entry.name)).length > 0)
      .map((entry) => entry.name);
    expect(folders.filter((folder) => !(folder in table))).toEqual([]);
  });

  it('lets imports go down only', () => {
    const wrong = edges.filter(({ from, to }) => {
      if (to.startsWith('package:') || to === from) return false;
      const allowed = table[from] ?? [];
      return !allowed.includes('*') && !allowed.includes(to);
    });
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  it('keeps heavy or non-deterministic packages out of the trader, the core and the workflows', () => {
    const wrong = edges.filter(({ from, to, specifier }) => {
      const rule = forbidden[from];
      return to.startsWith('package:') && rule?.test(specifier);
    });
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });

  it('never lets the product import its simulators or tests', () => {
    const wrong = edges.filter(({ specifier }) => /(^|\/)(simulators|test)\//.test(specifier));
    expect(wrong.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([]);
  });
});
