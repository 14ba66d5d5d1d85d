/** Imports go down only. The table is the architecture; docs/ARCHITECTURE.md shows the same one. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stateInClosures } from '../../scripts/structure/closures.mjs';
import { incidentsOfDesks, withKeys } from '../../scripts/structure/extensions.mjs';
import { foldersOfOne, hasName, structureOf, venuesNamedOutside } from '../../scripts/structure/figures.mjs';
import { layers, sharedWithPage } from '../../scripts/structure/layers.mjs';
import { readModules } from '../../scripts/structure/modules.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const structure = structureOf(root);
const modules = readModules(root, 'src');
/** What a person signs is the same text on the page, numbers and commands are written alike. They import nothing. */
const shared = new Set(sharedWithPage);
const folderOf = (path: string) => path.split('/')[1] ?? '';

/** What stands is held: each of these may only become fewer, and then the number here does too. */
const AT_MOST = {
  shortWithOneImporter: 1,
  stateInClosures: 14,
  saysPrivate: 0,
  bracedAlone: 0,
  upwardTypeImports: 0,
  valueCycles: 0,
  typeCycles: 0,
  venuesNamedOutside: 0,
  venuesNotRegistered: 0,
  desksNamedOutside: 0,
  foldersOfOne: 0,
  repeated: 4,
  files: 720,
  long: 125,
  namesUsedOften: 33,
} as const;

/** Where what is over a number can be put right otherwise than at the places that are listed. */
const DO: Partial<Record<keyof typeof AT_MOST, string>> = {
  files:
    'put what one file alone needs into that file; a subject of its own is worth a file, and then the number',
  foldersOfOne: 'put that file into the folder above',
  long: 'move a subject of its own out of one of them',
  namesUsedOften: 'give one of them a name of its own',
  repeated: 'write once what stands there twice',
  stateInClosures: 'make it a class: what several of its functions share is its state',
};

/**
 * Files that one more of what ships touches beside its own: of a setting that strategies share each of these; of a field of the
 * status who fills it in and, if people are shown it, its words.
 */
const TOUCHED_AT_MOST = {
  venue: 1,
  check: 1,
  report: 1,
  limit: 1,
  setting: 3,
  'field of the status': 2,
  notice: 1,
  playbook: 1,
} as const;

/** Packages that a folder must never load: the trader stays small, workflows stay deterministic. */
const forbidden: Record<string, RegExp> = {
  domain: /^(?!node:crypto$)/,
  engine: /^(?!node:crypto$)/,
  playbooks: /^/,
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
    const loaded = new Set([`src/cli/commands/${command}-command.ts`]);
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
    // The page is built anew when one of these changes: none is listed for nothing.
    expect(new Set(outside.map(({ to }) => to))).toEqual(shared);
    const theirs = modules.filter(({ path }) => shared.has(path)).flatMap(({ imports }) => imports);
    expect(theirs.filter(({ to }) => !shared.has(to))).toEqual([]);
  });

  it.each(Object.entries(TOUCHED_AT_MOST))('another %s touches %i files at most', (kind, most) => {
    const found = structure.touched[kind as keyof typeof TOUCHED_AT_MOST];
    expect(found.length, found.join('\n')).toBeLessThanOrEqual(most);
    // Nothing ships without being registered somewhere: where none is found, nobody looked.
    expect(found).not.toEqual([]);
  });

  it('counts a folder with one file, and no venue', () => {
    const paths = ['engine/core.ts', 'engine/flow/a.ts', 'engine/flow/b.ts', 'venue/okx/definition.ts'];
    const modulesOf = (...more: string[]) => [...paths, ...more].map((path) => ({ path: `src/${path}` }));
    expect(foldersOfOne(modulesOf())).toEqual([]);
    expect(foldersOfOne(modulesOf('signing/one.ts', 'engine/deep/only/x.ts'))).toEqual([
      'src/signing/one.ts',
      'src/engine/deep/only/x.ts',
    ]);
  });

  it('another incident of a desk’s own touches its desk file alone', () => {
    expect(incidentsOfDesks(root)).not.toEqual([]);
    expect(structure.touched["desk's incident"]).toEqual([]);
  });

  it.each(Object.entries(AT_MOST))('%s: at most %i', (figure, most) => {
    const found = structure[figure as keyof typeof AT_MOST];
    const places = typeof found === 'number' ? [] : found;
    const count = typeof found === 'number' ? found : found.length;
    const says = `${figure} is ${count}, and AT_MOST here says ${most}: ${DO[figure as keyof typeof AT_MOST] ?? 'put right what is listed'}`;
    expect(count, `${says}. npm run structure -- --all shows:\n${places.join('\n')}`).toBeLessThanOrEqual(
      most,
    );
  });

  it('counts no file of an extension that docs/EXTEND.md lets somebody add', () => {
    const { files } = structure;
    const extensions = modules.filter(({ path }) =>
      /^src\/(venue\/binance|checks|reports|limits|playbooks)\//.test(path),
    );
    expect(extensions.length).toBeGreaterThan(50);
    expect(files).toBeLessThanOrEqual(modules.length - extensions.length);
  });

  it.each([
    ['gate', 'Gate', 'an aggregate of the Gateway', false],
    ['gate', 'Gate', 'GATEWAY', false],
    ['gate', 'Gate', "of the gate: GATE and 'risk-gate' of ./limits/gate.js", false],
    ['gate', 'Gate', 'of Gate, and no other', true],
    ['gate', 'Gate', "venue === 'gate'", true],
    ['gate', 'Gate', '`gate`', true],
    ['gate', 'Gate', '{ okx: 1, gate: 2 }', true],
    ['gate', 'Gate', 'isGate(venue)', true],
    ['gate', 'Gate', 'gateAddress', true],
    ['gate', 'Gate', 'GATE_URL', true],
    ['kucoin', 'KuCoin', 'KuCoin says so', true],
    ['ibkr', 'Interactive Brokers', 'IBKR says so', true],
    ['trader workstation', 'Interactive Brokers', 'the Trader Workstation answers', true],
    ['gate.io', 'Gate.io', 'gateXio', false],
  ])('a venue %s of the title %s is named by its word: "%s" is %s', (name, title, text, isNamed) => {
    expect(hasName(text, name, title)).toBe(isNamed);
  });

  it.each([
    ['let n = 0; return { add: () => (n += 1), get: () => n };', ['n']],
    [
      'let n = 0; const add = () => { n += 1; }; const made = { add, twice: () => { add(); add(); } }; return made;',
      ['n'],
    ],
    ['let n = 0; return { add: () => (n += 1), name: () => "n" };', []],
    ['const n = 1; return { one: () => n, other: () => n };', []],
    ['let n = 0; n += 1; return n;', []],
  ])('sees that a class would say what several functions of an object share: %s', (body, shared) => {
    const file = { path: 'src/made.ts', text: `export function made() { ${body} }` };
    expect(stateInClosures([file as (typeof modules)[number]])).toEqual(
      shared.map((name) => `src/made.ts made (${name})`),
    );
  });

  it.each(
    readdirSync(resolve(root, 'src/venue')).filter((name) =>
      existsSync(resolve(root, 'src/venue', name, 'definition.ts')),
    ),
  )('sees a file of another folder that names %s, or imports from its folder', (venue) => {
    const file = { lines: 1, saysPrivate: false, text: '', imports: [] };
    const others = [
      { ...file, path: 'src/checks/named.ts', text: `const names = ['${venue}'];` },
      {
        ...file,
        path: 'src/checks/imports.ts',
        imports: [{ to: `src/venue/${venue}/fees.ts`, isType: true }],
      },
    ];
    expect(venuesNamedOutside(root, [...modules, ...others])).toEqual(
      others.map(({ path }) => `${path} names ${venue}`),
    );
  });

  it('says what to do about a playbook whose kind of incident desks/schema.json does not have yet', () => {
    const own = 'src/playbooks/cash-low.ts';
    expect(() => withKeys(root, [{ name: 'cash-low', own }])).toThrow(
      expect.objectContaining({
        message: `desks/schema.json has no kind cash-low, which ${own} is`,
        doThis: 'npm run generate',
      }),
    );
  });
});
