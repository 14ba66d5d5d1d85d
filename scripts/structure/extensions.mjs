import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/**
 * For each kind of extension: the files, other than its own, that a shipped extension had to change; those of
 * the extension with the most.
 * @param {string} root the project's folder
 * @param {readonly import('./modules.mjs').Module[]} modules of src and the page
 * @returns {Record<'venue' | 'check' | 'report' | 'limit' | 'setting' | 'field of the status' | 'notice' | 'playbook' | "desk's incident", string[]>}
 */
export function touchedByExtensions(root, modules) {
  const files = (folder, skipped) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.ts') && !skipped.includes(file))
      .map((file) => ({ name: file.slice(0, -3), own: `${folder}/${file}` }));
  const folders = (folder, file) =>
    readdirSync(join(root, folder))
      .filter((name) => existsSync(join(root, folder, name, file)))
      .map((name) => ({ name, own: `${folder}/${name}/` }));
  const registered = (folder) => {
    const { text } = modules.find(({ path }) => path === `${folder}/registry.ts`);
    return files(folder, []).filter(({ name }) =>
      new RegExp(`import \\{ \\w+ \\} from './${name}\\.js'`).test(text),
    );
  };
  // Limits that a desk file may omit, like every new one: the key shows which other files know the limit.
  const optionalLimits = (limits) =>
    limits.flatMap(({ own }) => {
      const { text } = modules.find(({ path }) => path === own);
      const [, key] = /key: '(\w+)'/.exec(text) ?? [];
      const isOptional = /leftOut: 'off'|\.\.\.PERCENT_OF_EQUITY/.test(text);
      return key === undefined || !isOptional ? [] : [{ name: key, own }];
    });
  const worst = (extensions) => {
    const touched = extensions.map(({ name, own, keys = [] }) =>
      modules.filter(
        (module) =>
          !module.path.startsWith(own) &&
          (names(module, name, own) || keys.some((key) => hasWord(module, key))),
      ),
    );
    return (touched.toSorted((a, b) => b.length - a.length)[0] ?? []).map(({ path }) => path);
  };
  return {
    venue: worst(folders('src/venue', 'definition.ts')),
    check: worst(registered('src/checks')),
    report: worst(registered('src/reports')),
    limit: worst(optionalLimits(registered('src/limits'))),
    setting: touchedBySettings(modules),
    'field of the status': touchedByStatusFields(modules),
    notice: touchedByNotices(modules),
    playbook: worst(withKeys(root, registered('src/playbooks'))),
    // Its own file is only the desk file.
    "desk's incident": worst(incidentsOfDesks(root)),
  };
}

/** The other modules whose code, comments aside, has the word; for the declaration with the most of them. */
function whoNames(modules, declared) {
  const codes = modules.map(({ text }) => text.replace(COMMENTS, ''));
  const others = declared.map(({ word, own }) =>
    modules.filter(({ path }, at) => path !== own && word.test(codes[at])),
  );
  return (others.toSorted((a, b) => b.length - a.length)[0] ?? []).map(({ path }) => path);
}

const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Settings of the strategies that ship; limits are counted separately. */
function touchedBySettings(modules) {
  const declared = modules
    .filter(({ path }) => path.startsWith('src/engine/strategies/'))
    .flatMap(({ path: own, text }) =>
      [...text.matchAll(/name: '(\w+[A-Z]\w*)',\s+whole:/g)].map(([, word]) => ({
        word: new RegExp(`'${word}'`),
        own,
      })),
    );
  return whoNames(modules, declared);
}

/** Where people are shown the status in words. */
const SHOWN_IN = new Set([
  'src/contracts/status-words.ts',
  'src/cli/commands/status-command.ts',
  'src/telegram/commands/status.ts',
  'dashboard/src/view/figures.tsx',
]);

/**
 * Modules that fill the field in, or show it by its name; other readers are not counted. An ordinary word (`mode`) says
 * nothing.
 */
function touchedByStatusFields(modules) {
  const own = 'src/contracts/trader-status.ts';
  const [, fields = ''] =
    /traderStatusSchema = z\.object\(\{\n([\s\S]*?)^\}\)/m.exec(
      modules.find(({ path }) => path === own).text,
    ) ?? [];
  const declared = [...fields.matchAll(/^ {2}(\w+[A-Z]\w*):/gm)].map(([, word]) => ({
    // The type of a record, as in 'closeAll.begun', is no field.
    word: new RegExp(`\\b${word}\\b(?!\\.\\w+')`),
    own,
  }));
  return whoNames(
    modules.filter(({ path }) => path.startsWith('src/trader/status/') || SHOWN_IN.has(path)),
    declared,
  );
}

/**
 * Notices that people are woken for: the files, other than the one that makes the notice, that know its
 * topic; for the topic with the most. An ordinary word (`alarm`) says nothing. A file that imports the maker
 * sends the notice, and knows no topic.
 */
function touchedByNotices(modules) {
  const { text } = modules.find(({ path }) => path === 'src/contracts/notice.ts');
  const [, topics] = /const WOKEN = \{([\s\S]*?)\n\} satisfies/.exec(text);
  return [...topics.matchAll(/^ {2}('\w+-[\w-]+'):/gm)]
    .map(([, topic]) => {
      const maker = modules.find((module) => new RegExp(`(woken\\(|about: )${topic}`).test(module.text));
      return modules
        .filter((module) => module !== maker && module.text.includes(topic))
        .map(({ path }) => path);
    })
    .toSorted((a, b) => b.length - a.length)[0];
}

/** The sources are incomplete, so they can't be counted. */
export class NotCounted extends Error {
  /**
   * @param {string} message
   * @param {string} doThis
   */
  constructor(message, doThis) {
    super(message);
    this.doThis = doThis;
  }
}

/**
 * Adds to each playbook the desk file keys that only it has: a module that names one of them knows it too.
 * @param {string} root the project's folder
 * @param {readonly { readonly name: string, readonly own: string }[]} playbooks
 */
export function withKeys(root, playbooks) {
  const { properties } = JSON.parse(readFileSync(join(root, 'desks/schema.json'), 'utf8'));
  const kinds = properties.incidents.properties.kinds.properties;
  return playbooks.map((playbook) => {
    const kind = kinds[playbook.name];
    if (kind === undefined)
      throw new NotCounted(
        `desks/schema.json has no kind ${playbook.name}, which ${playbook.own} is`,
        'npm run generate',
      );
    const keys = Object.keys(kind.properties).filter((key) => key !== 'severity');
    return { ...playbook, keys };
  });
}

function hasWord({ text }, word) {
  return new RegExp(`\\b${word}\\b`).test(text);
}

/**
 * The incident kinds that the desks that ship define themselves: those with steps.
 * @param {string} root the project's folder
 */
export function incidentsOfDesks(root) {
  return readdirSync(join(root, 'desks'))
    .map((desk) => `desks/${desk}/desk.yaml`)
    .filter((own) => existsSync(join(root, own)))
    .flatMap((own) => {
      const { incidents } = parse(readFileSync(join(root, own), 'utf8'));
      const kinds = Object.entries(incidents?.kinds ?? {}).filter(([, { steps }]) => steps !== undefined);
      return kinds.map(([name]) => ({ name, own }));
    });
}

/**
 * Whether a module imports the extension's file, or from its folder, or contains its name; a name that is an
 * ordinary word (`database`) does not count, and a folder's name counts only in quotes: `venuesNamedOutside`
 * sees the rest.
 */
function names({ text, imports }, name, own) {
  if (own.endsWith('/'))
    return imports.some(({ to }) => to.startsWith(own)) || new RegExp(`['"\`]${name}['"\`]`).test(text);
  return (
    imports.some(({ to }) => to === own) ||
    (/[-A-Z]/.test(name) && new RegExp(`(?<![\\w.-])${name}(?![\\w-])`).test(text))
  );
}
