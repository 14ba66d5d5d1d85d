/** A file system that can't be written but for its volumes, as docker-compose.yml asks for it, without containers. */
import { spawnSync } from 'node:child_process';

const NAMESPACE = ['--user', '--map-root-user', '--mount'];
/** The files of a test may be in memory, which is a file system of its own. */
const SCRIPT = `mount --bind "$0" "$0" && mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" \\
  && mount -o remount,bind,ro / && { ! mountpoint -q /dev/shm || mount -o remount,bind,ro /dev/shm; } \\
  && shift && exec "$@"`;

/** False where the system gives a process no mounts of its own (macOS, hardened Linux): programs run as they are then. */
export const hasReadOnly = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

export interface Placed {
  readonly command: string;
  readonly args: readonly string[];
}

/** `volumes`: the one folder that may be written, but for `image` inside it. */
export function readOnly(volumes: string, image: string, program: readonly string[]): Placed {
  if (!hasReadOnly) return { command: program[0] ?? '', args: program.slice(1) };
  return { command: 'unshare', args: [...NAMESPACE, 'sh', '-c', SCRIPT, volumes, image, ...program] };
}
