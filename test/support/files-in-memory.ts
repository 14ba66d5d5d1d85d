/** Where a test run keeps its files: in memory, where this machine has room for them. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Some desks with their databases at a time, and what a test that fails leaves until the end of the run. */
const ROOM_BYTES = 8 * 2 ** 30;

/**
 * A new folder in memory, which is gone once this process has ended, in whatever way; null where there is none that takes
 * programs and has the room. Each test file has a database of its own, each desk a server: on a disk, making their thousand
 * files takes more of a core than most tests.
 */
export function folderInMemory(): string | null {
  let folder: string | null = null;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, process.availableMemory()) < ROOM_BYTES) return null;
    folder = mkdtempSync(join(MEMORY, 'f-'));
    // Tests put programs beside their files; containers often allow none here.
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    if (spawnSync(program).status !== 0) throw new Error('no program runs there');
    // Ends with this process, and gives what that has started a moment to end, too.
    const remove = 'cat > /dev/null; sleep 2; rm -rf -- "$0"';
    spawn('sh', ['-c', remove, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }).unref();
    return folder;
  } catch {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    return null;
  }
}
