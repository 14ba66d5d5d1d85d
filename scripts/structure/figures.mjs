import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stateInClosures } from './closures.mjs';
import { cyclesOf } from './cycles.mjs';
import { touchedByExtensions } from './extensions.mjs';
import { layers } from './layers.mjs';
import { readModules } from './modules.mjs';
import { repeatedPlaces } from './repeated.mjs';
import { stopTrace } from './stop-trace.mjs';

/**
 * A file this short with one importer belongs in that importer, except a venue's definition, and extensions
 * such as a limit, which only their registries import.
 */
const SHORT_LINES = 30;
const LONG_LINES = 250;
/** Not counted: another venue, check, report, limit or playbook must not require one file fewer elsewhere. */
const EXTENSIONS = /^src\/(venue\/[^/]+|checks|reports|limits|playbooks)\//;

/** An `if`, `for` or `while` in one line, with braces around one statement in one line, and nothing after them. */
const BRACED_ALONE =
  /^([ \t]*)(?:if|for|while) \([^\n]*\) \{\n[ \t]+(?![ \t]|(?:const|let|if|for|while) )[^\n{}]+;\n\1\}(?!\s*(?:else|while))/gm;
const lineAt = (text, index) => text.slice(0, index).split('\n').length;

/**
 * The output of `npm run structure`; each list names the places.
 * @param {string} root the project's folder
 */
export function structureOf(root) {
  const modules = readModules(root, 'src');
  const importers = new Map();
  for (const { path, imports } of modules)
    for (const { to } of imports) importers.set(to, (importers.get(to) ?? new Set()).add(path));
  const edges = modules.flatMap(({ path, imports }) =>
    imports.filter(({ to }) => !to.startsWith('package:')).map((one) => ({ from: path, ...one })),
  );
  const upward = edges.filter(({ from, to }) => !mayImport(folderOf(from), folderOf(to)));
  const graph = (chosen) => {
    const targets = new Map(modules.map(({ path }) => [path, []]));
    for (const { from, to } of chosen) targets.get(from).push(to);
    return targets;
  };
  return {
    files: modules.filter(({ path }) => !EXTENSIONS.test(path)).length,
    lines: modules.reduce((sum, { lines }) => sum + lines, 0),
    shortWithOneImporter: modules
      .filter(({ path }) => !path.endsWith('/definition.ts') && !isOfRegistry(path, importers))
      .filter(({ path, lines }) => lines <= SHORT_LINES && importers.get(path)?.size === 1)
      .map(({ path }) => path),
    long: modules.filter(({ lines }) => lines > LONG_LINES).map(({ path, lines }) => `${path} (${lines})`),
    upwardValueImports: upward.filter(({ isType }) => !isType).map(inWords),
    upwardTypeImports: upward.filter(({ isType }) => isType).map(inWords),
    valueCycles: cyclesOf(graph(edges.filter(({ isType }) => !isType))),
    typeCycles: cyclesOf(graph(edges)),
    bracedAlone: modules.flatMap(({ path, text }) =>
      Array.from(text.matchAll(BRACED_ALONE), ({ index }) => `${path}:${lineAt(text, index)}`),
    ),
    stateInClosures: stateInClosures(modules),
    saysPrivate: modules.filter(({ saysPrivate }) => saysPrivate).map(({ path }) => path),
    venuesNamedOutside: venuesNamedOutside(root, modules),
    venuesNotRegistered: venuesNotRegistered(root, modules),
    desksNamedOutside: desksNamedOutside(root, modules),
    repeated: repeatedPlaces(modules),
    namesUsedOften: namesUsedOften(modules),
    foldersOfOne: foldersOfOne(modules),
    stopPasses: stopTrace(root).map(({ file, name }) => `${file} ${name}`),
    touched: touchedByExtensions(root, [...modules, ...readModules(root, 'dashboard/src')]),
  };
}

/** An extension that a registry names is a file of its own, however short. */
function isOfRegistry(path, importers) {
  return importers.get(path)?.has(`${path.slice(0, path.lastIndexOf('/'))}/registry.ts`);
}

function folderOf(path) {
  return path.split('/')[1];
}

function mayImport(from, to) {
  const allowed = layers[from] ?? [];
  return from === to || allowed.includes('*') || allowed.includes(to);
}

function inWords({ from, to }) {
  return `${from} imports ${to}`;
}

/**
 * @param {string} root the project's folder
 * @param {import('./modules.mjs').Module[]} modules
 */
export function venuesNamedOutside(root, modules) {
  return venueFolders(root).flatMap((venue) => {
    const definition = modules.find(({ path }) => path === `src/venue/${venue}/definition.ts`);
    const [, title = venue] = /^ {2}title: '([^']+)'/m.exec(definition.text) ?? [];
    const names = [venue, title.toLowerCase(), ...(PROGRAMS[title] ?? [])];
    return modules
      .filter(({ path }) => !path.startsWith(`src/venue/${venue}/`) && path !== 'src/venue/registry.ts')
      .filter(
        ({ text, imports }) =>
          imports.some(({ to }) => to.startsWith(`src/venue/${venue}/`)) ||
          names.some((name) => hasName(text, name, title)),
      )
      .map(({ path }) => `${path} names ${venue}`);
  });
}

function venueFolders(root) {
  return readdirSync(join(root, 'src/venue'), { withFileTypes: true })
    .filter((entry) => existsSync(join(root, 'src/venue', entry.name, 'definition.ts')))
    .map(({ name }) => name);
}

/**
 * Whether `text` has the name as a word, or as part of a compound name: for `gate`, `isGate` and `GATE_URL`
 * have it, `aggregate` and `Gateway` don't. People write a venue like its title: if the title has the name,
 * `gate` and `GATE` by themselves are words of ours, unless quoted or a key.
 * @param {string} text
 * @param {string} name in lower case
 * @param {string} title
 */
export function hasName(text, name, title) {
  const pattern = new RegExp(name.replace(/[^\w\s]/g, '\\$&'), 'gi');
  return [...text.matchAll(pattern)].some(({ 0: found, index }) => {
    const [before, after] = [text[index - 1] ?? '', text[index + found.length] ?? ''];
    const begins = !/[a-z\d]/i.test(before) || (/[a-z\d]/.test(before) && /[A-Z]/.test(found[0] ?? ''));
    const ends = !/[a-z\d]/i.test(after) || (/[A-Z]/.test(after) && /[a-z\d]/.test(found.at(-1) ?? ''));
    const isOurWord =
      /^([a-z\d]+|[A-Z\d]+)$/.test(found) && !/\w/.test(before + after) && title.toLowerCase().includes(name);
    const isQuoted = /['"`]/.test(before) && before === after;
    const isKey =
      /(^|[{,\n])\s*$/.test(text.slice(0, index)) && /^\??:/.test(text.slice(index + found.length));
    return begins && ends && (!isOurWord || isQuoted || isKey);
  });
}

/** A folder with a definition that nobody can choose. */
function venuesNotRegistered(root, modules) {
  const registry = modules.find(({ path }) => path === 'src/venue/registry.ts');
  return venueFolders(root)
    .map((venue) => `src/venue/${venue}/definition.ts`)
    .filter((own) => !registry.imports.some(({ to }) => to === own))
    .map((own) => `${own}: src/venue/registry.ts does not import it`);
}

/** By the venue's title: the names of the programs that it is reached through. */
const PROGRAMS = { 'Interactive Brokers': ['ib gateway', 'trader workstation'] };

/** A desk that ships is only its folder. The default desk is named once, where names are resolved. */
function desksNamedOutside(root, modules) {
  const desks = readdirSync(join(root, 'desks')).filter((name) =>
    existsSync(join(root, 'desks', name, 'desk.yaml')),
  );
  const lists = [{ path: 'package.json', text: readFileSync(join(root, 'package.json'), 'utf8') }];
  return desks.flatMap((desk) => {
    const name = new RegExp(`(?<![\\w-])${desk}(?![\\w-])`, 'i');
    const isDefault = ({ path, text }) =>
      path === 'src/desk/resolve-desk.ts' &&
      text.split(desk).length === 2 &&
      text.includes(`DEFAULT_DESK = '${desk}'`);
    return [...modules, ...lists]
      .filter((file) => name.test(file.text) && !isDefault(file))
      .map(({ path }) => `${path} names ${desk}`);
  });
}

/**
 * A reader opens such a folder for nothing. A venue is a folder, whatever is in it.
 * @param {readonly { readonly path: string }[]} modules
 */
export function foldersOfOne(modules) {
  const entries = new Map();
  for (const { path } of modules)
    for (let at = path.lastIndexOf('/'), entry = path; at > 0; at = entry.lastIndexOf('/')) {
      const folder = entry.slice(0, at);
      entries.set(folder, (entries.get(folder) ?? new Set()).add(entry));
      entry = folder;
    }
  return [...entries]
    .filter(([, { size }]) => size === 1)
    .flatMap(([, only]) => [...only])
    .filter((only) => only.endsWith('.ts') && !only.endsWith('/definition.ts'));
}

function namesUsedOften(modules) {
  const byName = new Map();
  for (const { path } of modules) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    byName.set(name, (byName.get(name) ?? 0) + 1);
  }
  return [...byName]
    .filter(([, count]) => count > 1)
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${count}`);
}
