/**
 * Data files of a desk's own strategies: a trained model, its weights, a table. The desk file names each with its
 * SHA-256, so a file with other content is another desk.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closestName } from './typed-names.js';

/** In a desk's folder, and in its backups. */
export const ARTEFACTS_FOLDER = 'artefacts';
/** The path of an artefact as the desk file writes it. */
export const ARTEFACT_FILE = /^\.\/artefacts(\/[a-zA-Z0-9_][a-zA-Z0-9._-]{0,99}){1,5}$/;
const MIB = 1024 * 1024;
const FILE_MIB_MAX = 16;
/** For all strategies together: each process that reads the desk file holds them. */
const DESK_MIB_MAX = 64;
/** Per strategy. */
export const ARTEFACTS_MAX = 10;

/** How a strategy gets the content: parsed and frozen, as text, or as bytes. */
export const ARTEFACT_FORMS = ['json', 'text', 'bytes'] as const;
export type ArtefactForm = (typeof ARTEFACT_FORMS)[number];

/** An artefact's name as a strategy writes it: `artefacts.model`. */
export const ARTEFACT_NAME = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/;

/** As listed in the desk file, by the name that the strategy uses. */
export type ListedArtefacts = Readonly<Record<string, { readonly file: string; readonly sha256: string }>>;

export interface Artefact {
  readonly name: string;
  /** Relative to the desk's folder, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

interface ArtefactProblem {
  /** From the strategy's entry in the desk file to the value to change. */
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

interface ReadArtefacts {
  readonly artefacts: readonly Artefact[];
  /** One for each listed artefact that is missing from `artefacts`. */
  readonly problems: readonly ArtefactProblem[];
}

/** Reads artefacts of one desk, each file once, however many strategies list it. */
export class ArtefactReader {
  readonly #read = new Map<string, Uint8Array>();

  /** `folder`: the desk's folder. */
  constructor(private readonly folder: string) {}

  read(listed: ListedArtefacts | undefined): ReadArtefacts {
    const artefacts: Artefact[] = [];
    const problems: ArtefactProblem[] = [];
    for (const [name, { file, sha256 }] of Object.entries(listed ?? {}).sort(byName)) {
      const path = file.slice(2);
      const bytes = this.#bytesOf(path);
      if ('found' in bytes) {
        problems.push({ path: ['artefacts', name, 'file'], ...bytes });
        continue;
      }
      const actual = createHash('sha256').update(bytes).digest('hex');
      if (actual === sha256) artefacts.push({ name, path, sha256, bytes });
      else
        problems.push({
          path: ['artefacts', name, 'sha256'],
          expected: `the SHA-256 of ${file}, which is ${actual}`,
          found: sha256 === '' ? 'nothing' : sha256,
          doThis: `put the file back that is meant, or write ${actual}: that is a changed strategy, with a validation and an approval of its own`,
        });
    }
    return { artefacts, problems };
  }

  #bytesOf(path: string): Uint8Array | Omit<ArtefactProblem, 'path'> {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const bytes = bytesIn(this.folder, path);
    if ('found' in bytes) return bytes;
    this.#read.set(path, bytes);
    const all = [...this.#read.values()].reduce((sum, { length }) => sum + length, 0);
    return all <= DESK_MIB_MAX * MIB
      ? bytes
      : tooLarge(`artefacts of at most ${DESK_MIB_MAX} MiB for all strategies of a desk`, all);
  }
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

function bytesIn(folder: string, path: string): Uint8Array | Omit<ArtefactProblem, 'path'> {
  const expected = `a file of at most ${FILE_MIB_MAX} MiB`;
  let handle: number | null = null;
  try {
    // A pipe must not block the start. A link may lead anywhere: only the hash counts.
    handle = openSync(join(folder, path), constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = fstatSync(handle);
    if (!facts.isFile()) return { expected, found: 'no file', doThis: `put a file at ${path}` };
    if (facts.size > FILE_MIB_MAX * MIB) return tooLarge(expected, facts.size);
    return readFileSync(handle);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? `no such file: ${path}` : `a file that can't be read (${code})`;
    return { expected, found, doThis: `put the file at ${path} in the desk's folder, or take it out here` };
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

const tooLarge = (expected: string, bytes: number): Omit<ArtefactProblem, 'path'> => ({
  expected,
  found: `${bytes} bytes`,
  doThis: 'make it smaller, for example by fewer digits, or by bytes in the place of text',
});

/** Differences between what a strategy declares and what the desk file lists for it. */
export function artefactRules(
  kind: string,
  declared: Readonly<Record<string, ArtefactForm>>,
  listed: ListedArtefacts = {},
): readonly ArtefactProblem[] {
  const names = Object.keys(declared);
  const absent = names.filter((name) => !Object.hasOwn(listed, name));
  const unknown = Object.keys(listed).filter((name) => !Object.hasOwn(declared, name));
  return [
    ...absent.map((name) => ({
      path: ['artefacts'],
      expected: `${name}, which ${kind} is given as ${declared[name]}`,
      found: 'nothing of that name',
      doThis: `write artefacts: { ${name}: { file: ./${ARTEFACTS_FOLDER}/FILE, sha256: "" } }, and the hash that the next message says`,
    })),
    ...unknown.map((name) => {
      const near = closestName(name, names);
      return {
        path: ['artefacts', name],
        expected:
          names.length === 0 ? `no artefacts for ${kind}` : `an artefact of ${kind} (${names.join(', ')})`,
        found: name,
        doThis: near === null ? `take ${name} out` : `write ${near} instead of ${name}`,
      };
    }),
  ];
}

/** Equal for the same names, files and content. */
export const artefactsKey = (listed: ListedArtefacts = {}): string =>
  Object.entries(listed)
    .sort(byName)
    .map(([name, { file, sha256 }]) => `${name} ${file} ${sha256}`)
    .join('\n');
