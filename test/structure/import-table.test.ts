/** Imports go down only. The table is the architecture; docs/ARCHITECTURE.md shows the same one. */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { incidentsOfDesks } from '../../scripts/structure/extensions.mjs';
import { structureOf } from '../../scripts/structure/figures.mjs';
import { layers } from '../../scripts/structure/layers.mjs';
import { readModules } from '../../scripts/structure/modules.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const structure = structureOf(root);
const modules = readModules(root, 'src');
/** What the page shares: what a person signs is the same text there, numbers and commands are written alike. They import nothing. */
const SHARED_WITH_THE_PAGE = /^src\/(signing\/|domain\/(?:figure|command)-text\.ts$)/;
const folderOf = (path: string) => path.split('/')[1] ?? '';

/** What stands is held: each of these may only become fewer, and then the number here does too. */
const AT_MOST = {
  shortWithOneImporter: 2,
  saysPrivate: 0,
  upwardTypeImports: 0,
  valueCycles: 0,
  typeCycles: 0,
  venuesNamedOutside: 0,
  desksNamedOutside: 0,
  repeated: 17,
  files: 1023,
  long: 109,
  namesUsedOften: 87,
} as const;

/**
 * Files that one more of what ships touches beside its own: of a setting that strategies share each of these; of a field of the
 * status who fills it in; of a notice the topics, and the page for one that opens an incident; of a playbook
 * the registry, and the desk file's schema for its keys.
 */
const TOUCHED_AT_MOST = {
  venue: 1,
  check: 1,
  report: 1,
  limit: 1,
  setting: 3,
  'field of the status': 3,
  notice: 2,
  playbook: 2,
} as const;

/** Packages that a folder must never load: the trader stays small, workflows stay deterministic. */
const forbidden: Record<string, RegExp> = {
  signing: /^/,
  domain: /^(?!node:crypto$)/,
  engine: /^(?!node:crypto$)/,
  trader: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  venue: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  market: /^(@temporalio\/|pg$|fastify|@fastify\/)/,
  workflows: /^(?!@temporalio\/(workflow|common)$)/,
  contracts: /^(?!@temporalio\/common$)/,
};

/** Code of a desk's folder imports it: it has to be there where that runs, and nowhere else. */
const isForDesks = (path: string, to: string): boolean =>
  path.startsWith('src/workflows/packs/') && to === 'package:zod';

/** Schemas that the types of several layers follow from: who takes the types alone loads nothing of them. */
const shapes = new Set(
  modules
    .filter(({ path, imports }) => folderOf(path) === 'contracts' && imports.some(isZod))
    .map(({ path }) => path),
);
const SHAPES_LOADED_BY = ['api', 'operations'];

function isZod({ to, isType }: { readonly to: string; readonly isType: boolean }): boolean {
  return !isType && to === 'package:zod';
}

describe('the import table', () => {
  it('knows every folder of src', () => {
    const folders = new Set(modules.map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => !(folder in layers))).toEqual([]);
  });

  it('lets imports go down only', () => {
    expect(structure.upwardValueImports).toEqual([]);
  });

  it('keeps heavy or non-deterministic packages out of the trader, the core and the workflows', () => {
    const wrong = modules.flatMap(({ path, imports }) =>
      imports
        .filter(({ to, isType }) => !isType && to.startsWith('package:') && !isForDesks(path, to))
        .filter((one) => !(shapes.has(path) && isZod(one)))
        .filter(({ to }) => forbidden[folderOf(path)]?.test(to.slice('package:'.length)))
        .map(({ to }) => `${path} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('lets those who publish shapes load their schemas, and all others take the types', () => {
    expect(shapes).toContain('src/contracts/trader-status.ts');
    const wrong = modules
      .filter(({ path }) => !shapes.has(path) && !SHAPES_LOADED_BY.includes(folderOf(path)))
      .flatMap(({ path, imports }) =>
        imports.filter(({ to, isType }) => !isType && shapes.has(to)).map(({ to }) => `${path} loads ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  it.each(['stop', 'status'])('keeps what reads desk files out of the start of `fermata %s`', (command) => {
    const loaded = new Set([`src/cli/commands/${command}.ts`]);
    for (const path of loaded)
      for (const { to, isType, isLazy } of modules.find((module) => module.path === path)?.imports ?? [])
        if (!isType && isLazy !== true) loaded.add(to);
    expect(loaded).toContain('src/trader/client.ts');
    expect(
      [...loaded].filter((path) =>
        /^(src\/(desk\/schema|checks\/registry)\.ts|package:(pg|yaml))$/.test(path),
      ),
    ).toEqual([]);
  });

  it('never lets the product import its simulators or tests', () => {
    const wrong = modules.filter(({ imports }) =>
      imports.some(({ to }) => /(^|\/)(simulators|test)\//.test(to)),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('lets the page have nothing of src but the statement that a person signs and how numbers and commands are written', () => {
    const page = readModules(root, 'dashboard/src');
    const outside = page.flatMap(({ path, imports }) =>
      imports
        .filter(({ to }) => !to.startsWith('package:') && !to.startsWith('dashboard/'))
        .map(({ to }) => ({ path, to })),
    );
    expect(outside.filter(({ to }) => !SHARED_WITH_THE_PAGE.test(to))).toEqual([]);
    expect(outside).not.toEqual([]);
    const shared = modules.filter(({ path }) => SHARED_WITH_THE_PAGE.test(path));
    expect(
      shared.flatMap(({ imports }) => imports).filter(({ to }) => !SHARED_WITH_THE_PAGE.test(to)),
    ).toEqual([]);
  });

  it.each(Object.entries(TOUCHED_AT_MOST))('another %s touches %i files at most', (kind, most) => {
    const found = structure.touched[kind as keyof typeof TOUCHED_AT_MOST];
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(most);
    // Nothing ships without being registered somewhere: where none is found, nobody looked.
    expect(found).not.toEqual([]);
  });

  it('another incident of a desk’s own touches its desk file alone', () => {
    expect(incidentsOfDesks(root)).not.toEqual([]);
    expect(structure.touched["desk's incident"]).toEqual([]);
  });

  it.each(Object.entries(AT_MOST))('%s: at most %i', (figure, most) => {
    const found = structure[figure as keyof typeof AT_MOST];
    const places = typeof found === 'number' ? [] : found;
    const count = typeof found === 'number' ? found : found.length;
    expect(count, `npm run structure -- --all shows:\n${places.join('\n')}`).toBeLessThanOrEqual(most);
  });
});
