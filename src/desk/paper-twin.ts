/**
 * The paper twin of a desk: the same desk file, on paper, under its own name. The twin's file has only its
 * name, its desk's name and perhaps a balance and a port, so nothing else can drift from the desk that it
 * runs alongside.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Document, isCollection, isScalar, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { DeskFileError } from './problem.js';
import { deskFileIn, resolveDesk } from './resolve-desk.js';
import { schemaProblems } from './schema-problems.js';
import { balance, name } from './schema-values.js';
import { parseYaml, readText } from './yaml-file.js';

const twinFileSchema = z.strictObject({
  desk: name,
  twinOf: name,
  paper: z.strictObject({ balance }).optional(),
  api: z.strictObject({ port: z.number().int().min(0).max(65_535) }).optional(),
});
type TwinFile = z.output<typeof twinFileSchema>;

interface PaperTwin {
  readonly file: TwinFile;
  /** The file of the desk that it is the twin of. */
  readonly deskFile: string;
}

const KEYS = Object.keys(twinFileSchema.shape);
const ALL_OF_IT = 'desk, twinOf, and where wanted paper.balance and api.port';

/**
 * Null: not a twin's file, or the whole text of a started twin. Throws `DeskFileError`, also if the desk that
 * it names doesn't exist or is a twin itself.
 */
export function paperTwinIn(
  file: string,
  text: string,
  { data, refuse } = parseYaml(file, text),
): PaperTwin | null {
  if (!isTwinFile(data)) return null;
  const parsed = twinFileSchema.safeParse(data);
  if (!parsed.success)
    throw refuse(
      schemaProblems(parsed.error.issues, data, KEYS).map((problem) => ({
        ...problem,
        doThis: `leave only ${ALL_OF_IT}: everything else is read from the file of the desk that it is the twin of`,
      })),
    );
  const twinOf = { path: ['twinOf'], key: 'twinOf', found: `"${parsed.data.twinOf}"` };
  const deskFile = fileOfDesk(file, parsed.data.twinOf, (error) =>
    refuse([
      {
        ...twinOf,
        expected: error.problems[0]?.expected ?? 'a desk',
        doThis: `name the desk that this is the twin of; ${error.doThis}`,
      },
    ]),
  );
  const ofDesk = parseYaml(deskFile, readDeskFile(deskFile)).data;
  if (twinIn(ofDesk) !== null)
    throw refuse([
      {
        ...twinOf,
        expected: 'a desk that is no twin itself',
        found: `${parsed.data.twinOf}, the twin of ${twinIn(ofDesk)}`,
        doThis: `write twinOf: ${twinIn(ofDesk)}; one desk may have several twins, each with a name of its own`,
      },
    ]);
  return { file: parsed.data, deskFile };
}

/** The folder with the strategies, checks and playbooks of this file's desk; a twin uses its desk's. */
export function ownFolderOf(file: string): string {
  const twin = existsSync(file) ? paperTwinIn(file, readDeskFile(file)) : null;
  return dirname(twin?.deskFile ?? file);
}

/**
 * The desk file's text for its twin: on paper, without orders that leave, messages to people, or the desk's
 * own address. Comments and everything else stay.
 */
export function twinText(deskText: string, { desk, twinOf, paper, api }: TwinFile): string {
  const document = parseDocument(deskText);
  writeOutAliases(document);
  document.set('desk', desk);
  document.set('twinOf', twinOf);
  document.set('mode', 'paper');
  document.setIn(['notify', 'telegram', 'enabled'], false);
  // If this is left out, mail goes to whomever the environment names.
  document.setIn(['notify', 'mail'], { enabled: false });
  for (const path of [
    ['venue', 'account'],
    ['api', 'publicUrl'],
  ])
    if (document.hasIn(path)) document.deleteIn(path);
  if (paper !== undefined) document.setIn(['paper', 'balance'], paper.balance);
  if (api !== undefined) document.setIn(['api', 'port'], api.port);
  return document.toString({ lineWidth: 0 });
}

/** A part that an alias shares would change with it. */
function writeOutAliases(document: Document): void {
  visit(document, {
    Alias: (_key, alias) => {
      const part = alias.resolve(document)?.clone();
      if (!isScalar(part) && !isCollection(part)) return undefined;
      delete part.anchor;
      return part;
    },
  });
}

/** Throws `DeskFileError`. */
export const readDeskFile = (file: string): string =>
  readText(file, { what: 'a desk file', absent: 'check the path, or write one with: fermata init' });

/** The text of a started twin has `twinOf` as well, but also all of a desk's keys. */
const isTwinFile = (data: unknown): boolean => twinIn(data) !== null && !('version' in (data as object));

function twinIn(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'twinOf' in data ? data.twinOf : null;
}

/** Searches next to the twin's own folder first, wherever the command was typed. */
function fileOfDesk(file: string, desk: string, refuse: (error: DeskFileError) => DeskFileError): string {
  try {
    return deskFileIn(join(dirname(file), '..'), desk) ?? resolveDesk(desk);
  } catch (error) {
    throw error instanceof DeskFileError ? refuse(error) : error;
  }
}
