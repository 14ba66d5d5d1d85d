/** The manifest of a backup, and the hashes of the files that it names. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BACKUP_TAGS } from '../contracts/backup.js';
import { MANIFEST_FILE, MANIFEST_HASH_FILE } from './backup-folder.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);

const tableSchema = z.strictObject({
  table: z.string(),
  rows: count,
  /** Sum of each row's text hash, whatever the order of the rows. */
  checksum: z.string().regex(/^\d+$/),
});

const journalSchema = z.strictObject({
  incarnation: z.string(),
  lastSequence: count,
  chain: sha256,
  segments: count,
});

/** An account set aside: a paper account of other prices than those in use. */
const accountSetAsideSchema = z.strictObject({
  /** Name of its folder. */
  name: z.string().regex(/^(?!\.{1,2}$)[\w.-]+$/),
  account: z.string(),
  journal: journalSchema,
  /** State after replaying its journal, in ticks, lots and money units. */
  holds: z.strictObject({
    fills: count,
    openOrders: count,
    halts: count,
    cash: z.number().int(),
    positions: z.array(z.strictObject({ symbol: z.string(), quantityLots: z.number().int() })),
  }),
});

const manifestSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  desk: z.string(),
  takenMs: count,
  /** The kind of a backup other than an everyday one. */
  tag: z.enum(BACKUP_TAGS).nullable().default(null),
  versions: z.strictObject({
    fermata: z.string(),
    node: z.string(),
    postgres: z.string(),
    pgDump: z.string(),
    schema: z.array(z.string()).describe('Migrations that the database has.'),
  }),
  database: z.strictObject({
    name: z.string(),
    sizeBytes: count,
    tables: z.array(tableSchema),
  }),
  /** Null: the desk had no journal. */
  journal: journalSchema.nullable(),
  /** Null: written before backups included accounts set aside. */
  restingAccounts: z
    .strictObject({
      kept: z.array(accountSetAsideSchema),
      leftOut: z.array(
        z.strictObject({ name: z.string(), why: z.string(), damaged: z.literal(true).optional() }),
      ),
    })
    .nullable()
    .default(null),
  /** How far the ledger in the database is. Null: it has nothing of that journal. */
  ledger: z.strictObject({ incarnation: z.string(), sequence: count, chain: sha256 }).nullable(),
  evidence: z.strictObject({ count, head: sha256 }),
  configHash: z.string(),
  /** Local backups are not encrypted; copies sent off this machine are sealed. */
  encryption: z.null(),
  files: z.array(z.strictObject({ path: z.string(), bytes: count, sha256 })),
});

export type Manifest = z.output<typeof manifestSchema>;
export type AccountsSetAside = NonNullable<Manifest['restingAccounts']>;
export type AccountSetAside = AccountsSetAside['kept'][number];
export type TableFigures = Manifest['database']['tables'][number];

/** Writes a backup's last files, which fix the manifest's content. Returns the manifest's hash. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<string> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const hash = hashOf(text);
  await writeFile(join(folder, MANIFEST_FILE), text, { mode: 0o600 });
  await writeFile(join(folder, MANIFEST_HASH_FILE), `${hash}  ${MANIFEST_FILE}\n`, { mode: 0o600 });
  return hash;
}

type ManifestReading =
  | { readonly ok: true; readonly manifest: Manifest; readonly sha256: string }
  | { readonly ok: false; readonly why: string };

export async function readManifest(folder: string): Promise<ManifestReading> {
  try {
    const text = await readFile(join(folder, MANIFEST_FILE), 'utf8');
    const said = await readFile(join(folder, MANIFEST_HASH_FILE), 'utf8');
    const hash = hashOf(text);
    if (said !== `${hash}  ${MANIFEST_FILE}\n`) {
      return {
        ok: false,
        why: `${MANIFEST_FILE} is not what ${MANIFEST_HASH_FILE} says: one of them was changed`,
      };
    }
    const parsed = manifestSchema.safeParse(JSON.parse(text));
    if (!parsed.success) {
      return { ok: false, why: `${MANIFEST_FILE} has another form: ${parsed.error.issues[0]?.message}` };
    }
    return { ok: true, manifest: parsed.data, sha256: hash };
  } catch (error) {
    return {
      ok: false,
      why: `${MANIFEST_FILE} can't be read: ${error instanceof Error ? error.message : error}`,
    };
  }
}

/**
 * False if an account set aside was left out as damaged: older backups may be the only ones that contain it.
 */
export const isWhole = ({ restingAccounts }: Pick<Manifest, 'restingAccounts'>): boolean =>
  !restingAccounts?.leftOut.some(({ damaged }) => damaged);

/** Bytes of all files, and rows of all tables. */
export function sizeOf(manifest: Manifest): { readonly bytes: number; readonly rows: number } {
  return {
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    rows: manifest.database.tables.reduce((sum, table) => sum + table.rows, 0),
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface HashedFile {
  /** Relative to the backup, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Streams the file: a dump may be larger than memory. */
export async function hashFile(folder: string, path: string): Promise<HashedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, path))) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Every file below the folder, sorted. */
export async function filesBelow(folder: string, prefix = ''): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path)));
    else found.push(path);
  }
  return found.sort();
}
