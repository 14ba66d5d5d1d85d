/**
 * Searches for the desk's real secrets in places where none may be. They are compared in memory; results name
 * them by file or variable.
 */
import { createReadStream, type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deskEnvironment, secretVariable } from '../../desk/desk-environment.js';
import { NO_PARAMETERS } from '../../desk/step-parts.js';
import { messageOf } from '../../domain/message-of.js';
import { homePaths, type Runtime, writtenFileOf } from '../../home/runtime.js';
import { ENVIRONMENT } from '../../venue/environment.js';
import { type CheckContext, check } from '../check.js';

/** Shorter values occur in ordinary text. */
const CHARS_MIN = 8;
const READ_BYTES = 1024 * 1024;
/** Pages of a table that are looked at in one query, so that it ends in time. */
const PAGES = 64;
/** Text of rows that is read at once. Long values are outside of a table's pages, so pages alone bound nothing. */
const TEXT_BYTES = 8 * 1024 * 1024;
/** These say where messages go, not who may send them. */
const NO_CREDENTIALS: readonly string[] = ['TELEGRAM_CHAT_ID', 'telegram-chat-id'];

interface Secret {
  readonly name: string;
  readonly value: string;
}

/** No secret of the desk is in its logs, its desk file, its database or what Temporal stores. */
export const exposedSecrets = check('No secret is exposed', NO_PARAMETERS, async (context) => {
  const expected = 'no secret of this desk in logs, desk file, database and Temporal’s histories';
  const { runtime } = context;
  const unseen: string[] = [];
  const secrets = secretsOf(runtime.home, unseen);
  if (secrets.length === 0)
    return { verdict: 'not_run', observed: 'no secret is known here to look for', expected };
  const search = new Search(secrets);
  let bytes = 0;
  for (const { name, chunks } of placesOf(context, unseen)) {
    try {
      bytes += await search.look(name, chunks());
    } catch (error) {
      unseen.push(`${name} (${messageOf(error)})`);
    }
  }
  const missed = unseen.length === 0 ? '' : `; not looked at: ${unseen.join('; ')}`;
  if (search.found.size > 0)
    return {
      verdict: 'fail',
      observed: `${[...search.found].join('; ')}: rotate what stands there, and remove it${missed}`,
      expected,
    };
  const observed = `${secrets.length} secrets, in ${(bytes / 1e6).toFixed(1)} MB: none stands there${missed}`;
  return { verdict: missed === '' ? 'pass' : 'not_run', observed, expected };
});

/** Each line of the secret files, and the variables that hold a credential in this process. */
function secretsOf(home: string, unseen: string[]): readonly Secret[] {
  const secrets: Secret[] = [];
  const paths = homePaths(home);
  for (const folder of new Set([paths.secrets, homePaths(paths.servers.installation).secrets]))
    for (const file of filesIn(folder))
      for (const value of readFileSync(join(folder, file), 'utf8').split('\n'))
        secrets.push({ name: file, value: value.trim() });
  for (const { name } of ENVIRONMENT.flatMap(({ variables }) => variables.filter(({ secret }) => secret))) {
    try {
      secrets.push({ name, value: secretVariable(deskEnvironment(), name) ?? '' });
    } catch (error) {
      unseen.push(messageOf(error));
    }
  }
  return secrets.filter(({ name, value }) => value.length >= CHARS_MIN && !NO_CREDENTIALS.includes(name));
}

interface Place {
  readonly name: string;
  readonly chunks: () => AsyncIterable<Buffer>;
}

function* placesOf({ runtime, pool }: CheckContext, unseen: string[]): Generator<Place> {
  const paths = homePaths(runtime.home);
  const { logs, temporal } = paths.servers;
  const folders = new Map([
    ['logs', new Set([paths.logs, logs])],
    ['Temporal', new Set([paths.temporal, temporal])],
  ]);
  for (const [what, each] of folders) {
    const files = [...each].flatMap((folder) => filesIn(folder).map((file) => join(folder, file)));
    if (files.length === 0) unseen.push(`${what}: ${whyNone(what, runtime)}`);
    for (const file of files) yield { name: `${what}: ${file}`, chunks: () => bytesOf(file) };
  }
  const file = writtenFileOf(runtime);
  yield { name: `desk file ${file}`, chunks: () => bytesOf(file) };
  yield { name: 'the database', chunks: () => rowsOf(pool) };
}

const whyNone = (what: string, { temporal }: Runtime): string =>
  what === 'Temporal' && temporal?.kind === 'external'
    ? 'its server keeps them elsewhere'
    : 'there are no files';

function filesIn(folder: string): readonly string[] {
  let entries: readonly Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const bytesOf = (file: string): AsyncIterable<Buffer> =>
  createReadStream(file, { highWaterMark: READ_BYTES });

/** Every row of every table, as text; a few megabytes at a time, however large table and rows are. */
async function* rowsOf(pool: CheckContext['pool']): AsyncGenerator<Buffer> {
  const { rows: tables } = await pool.query<{ quoted: string; pages: string }>(
    `select format('%I.%I', schemaname, tablename) as quoted,
        pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) / current_setting('block_size')::int as pages
      from pg_tables where schemaname = 'public' and has_table_privilege(format('%I.%I', schemaname, tablename), 'select')`,
  );
  for (const { quoted, pages } of tables)
    for (let page = 0; page < Number(pages); page += PAGES)
      for (const { first, last } of await stretchesOf(pool, quoted, page)) {
        const found = await pool.query<{ row: string }>(
          `select to_json(t)::text as row from ${quoted} t where ctid between $1::tid and $2::tid`,
          [first, last],
        );
        yield Buffer.from(found.rows.map(({ row }) => row).join('\n'));
      }
}

/** Places of rows in a table: from the first to the last one, both included. */
interface Stretch {
  readonly first: string;
  readonly last: string;
}

/** The rows of some pages, in stretches of so much text at most, or of one row more. */
async function stretchesOf(
  pool: CheckContext['pool'],
  quoted: string,
  page: number,
): Promise<readonly Stretch[]> {
  const { rows } = await pool.query<Stretch>(
    `select min(place)::text as first, max(place)::text as last from (
       select ctid as place, sum(octet_length(to_json(t)::text)) over (order by ctid) / $3::bigint as stretch
         from ${quoted} t where ctid >= $1::tid and ctid < $2::tid) as sized
      group by stretch order by stretch`,
    [`(${page},0)`, `(${page + PAGES},0)`, TEXT_BYTES],
  );
  return rows;
}

class Search {
  /** Which secret is where, without its value. */
  readonly found = new Set<string>();
  readonly #needles: readonly { readonly name: string; readonly bytes: Buffer }[];
  readonly #longest: number;

  constructor(secrets: readonly Secret[]) {
    this.#needles = secrets.flatMap(({ name, value }) =>
      [...new Set([value, JSON.stringify(value).slice(1, -1)])].map((text) => ({
        name,
        bytes: Buffer.from(text),
      })),
    );
    this.#longest = Math.max(...this.#needles.map(({ bytes }) => bytes.length));
  }

  /** Returns how many bytes were searched. */
  async look(place: string, chunks: AsyncIterable<Buffer>): Promise<number> {
    let read = 0;
    let tail: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const text = Buffer.concat([tail, chunk]);
      for (const { name, bytes } of this.#needles)
        if (text.includes(bytes)) this.found.add(`${name} is in ${place}`);
      // A secret may continue in the next chunk.
      tail = text.subarray(Math.max(0, text.length - this.#longest + 1));
      read += chunk.length;
    }
    return read;
  }
}
