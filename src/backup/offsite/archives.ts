/**
 * Packs a backup into up to three archives, each valid by itself: `db_`, `logs_` and
 * `config_YYYYMMDD_HHMMSS.tar.gz`, in UTC. Unpacked into one folder, they are the backup again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ARTEFACTS_FOLDER } from '../../desk/artefacts.js';
import { plainEnvironment } from '../../desk/desk-environment.js';
import { DESK_FILE, LOGS_FOLDER, OWN_FOLDER } from '../backup-folder.js';
import type { Manifest } from '../manifest.js';

/** Dump and logs are already compressed, and the desk trades meanwhile. */
const LEVEL = 1;

export const ARCHIVE_NAME = /^(db|logs|config)_\d{8}_\d{6}\.tar\.gz$/;

interface Archive {
  readonly name: string;
  /** Files and folders of the backup; not empty. */
  readonly entries: readonly string[];
}

const KINDS = ['db', 'logs', 'config'] as const;

function kindOf(path: string): (typeof KINDS)[number] {
  const [first] = path.split('/');
  // Earlier backups have only artefacts next to the desk file.
  if (path === DESK_FILE || first === OWN_FOLDER || first === ARTEFACTS_FOLDER) return 'config';
  return first === LOGS_FOLDER ? 'logs' : 'db';
}

const stampOf = ({ takenMs }: Pick<Manifest, 'takenMs'>): string =>
  new Date(takenMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');

/** The archives of the backup in `folder`. An older backup has no logs. */
export async function archivesOf(
  folder: string,
  manifest: Pick<Manifest, 'takenMs'>,
): Promise<readonly Archive[]> {
  const names = (await readdir(folder)).sort();
  return KINDS.flatMap((kind) => {
    const entries = names.filter((name) => kindOf(name) === kind);
    return entries.length === 0 ? [] : [{ name: `${kind}_${stampOf(manifest)}.tar.gz`, entries }];
  });
}

/** Local size of the same parts, in bytes. */
export function partsOf(
  manifest: Pick<Manifest, 'takenMs' | 'files'>,
): readonly { readonly name: string; readonly bytes: number }[] {
  return KINDS.flatMap((kind) => {
    const files = manifest.files.filter(({ path }) => kindOf(path) === kind);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return files.length === 0 ? [] : [{ name: `${kind}_${stampOf(manifest)}`, bytes }];
  });
}

/** The archive's bytes. Throws if a file can't be read. */
export async function* packed(
  folder: string,
  { name, entries }: Archive,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const tar = startTar(['-cf', '-', '-C', folder, '--', ...entries], signal);
  tar.process.stdin.end();
  const zipped = createGzip({ level: LEVEL });
  const piped = pipeline(tar.process.stdout, zipped);
  // Rethrown below, where the caller can see it.
  piped.catch(() => undefined);
  try {
    for await (const chunk of zipped) yield chunk as Buffer;
    await piped;
    await tar.ended(name);
  } finally {
    // The caller may have given up half way.
    tar.process.kill();
  }
}

/**
 * Only for archives that were sealed here, whose names are known. The files will belong to the current user.
 */
export async function unpack(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const tar = startTar(['-xzf', '-', '-C', folder, '--no-same-owner'], signal);
  tar.process.stdout.resume();
  await pipeline(Readable.from(bytes), tar.process.stdin);
  await tar.ended(name);
}

function startTar(args: readonly string[], signal?: AbortSignal) {
  const child = spawn('tar', args, {
    env: { ...plainEnvironment(), LC_ALL: 'C' },
    ...(signal ? { signal } : {}),
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-500);
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => undefined);
  const ended = async (name: string): Promise<void> => {
    const [code] = await closed;
    if (code !== 0) throw new Error(`tar failed with ${name}: ${said.trim() || `exit code ${code}`}`);
  };
  return { process: child, ended };
}
