// `node scripts/left-processes.mjs [PID …]`: finds processes of this checkout by their arguments, folder or
// environment. Without pids, prints those that run now. With pids, fails if others are still there after a
// while, and says which. Ends none.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Once the tests are gone, guards end what they started, and folders are removed a moment later. */
const WAIT_MS = 15_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const before = new Set(process.argv.slice(2).map(Number));

if (!existsSync('/proc/self/environ')) {
  console.log(before.size === 0 ? process.pid : 'skipped: this system does not tell of its processes');
} else if (before.size === 0) {
  console.log(ofThisCheckout().join(' '));
} else {
  const deadline = Date.now() + WAIT_MS;
  const leftNow = () => ofThisCheckout().filter((pid) => pid !== process.pid && !before.has(pid));
  while (leftNow().length > 0 && Date.now() < deadline) await sleep(250);
  const left = leftNow();
  for (const pid of left) console.log(`left running: ${pid} ${told(pid, 'cmdline').replaceAll('\0', ' ')}`);
  process.exitCode = left.length === 0 ? 0 : 1;
}

/** Includes this process. One that has ended and is not reaped yet has neither arguments nor folder. */
function ofThisCheckout() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const said = [told(pid, 'cmdline'), `${folderOf(pid)}\0`, told(pid, 'environ')].join('\0');
    return said.includes(`${root}/`) || said.includes(`${root}\0`);
  });
}

function told(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // The process has ended, or is another user's.
    return '';
  }
}

function folderOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
