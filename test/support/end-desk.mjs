/**
 * `node end-desk.mjs HOME SOCKETS [MS]`: reads the pid of the desk's supervisor, a line each time that it changes (0: it has
 * ended), and waits until its standard input closes, which is when the test process at the other end disposes of the
 * desk or dies, however it dies. Then it ends what runs, in order for as long as MS, and removes the folders.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';

const [, , home, sockets, orderlyEndMs = '30000'] = process.argv;
const KILL_MS_MAX = 10_000;
let supervisor = 0;
if (!home || !isAbsolute(home)) throw new Error('the folder of a desk was expected, as an absolute path');

createInterface({ input: process.stdin })
  .on('line', (line) => {
    supervisor = Number(line);
  })
  .once('close', () => void end());

async function end() {
  if (supervisor > 0 && !(await endSupervisor())) await killAllOf(home);
  for (const child of childrenOf(home)) send(-child, 'SIGKILL');
  rmSync(home, { recursive: true, force: true });
  rmSync(sockets, { recursive: true, force: true });
  process.exit(0);
}

/** Whether it ended in order. */
async function endSupervisor() {
  send(supervisor, 'SIGINT');
  // One that a test has suspended hears it only then.
  send(supervisor, 'SIGCONT');
  const deadline = Date.now() + Number(orderlyEndMs);
  while (isAlive(supervisor) && Date.now() < deadline) await new Promise((go) => setTimeout(go, 50));
  if (!isAlive(supervisor)) return true;
  send(supervisor, 'SIGKILL');
  return false;
}

/** A desk that was started again has a supervisor under the one that is known, and that one would start again what is ended. */
async function killAllOf(folder) {
  const deadline = Date.now() + KILL_MS_MAX;
  for (
    let found = processesOf(folder);
    found.length > 0 && Date.now() < deadline;
    found = processesOf(folder)
  ) {
    for (const pid of found) send(pid, 'SIGKILL');
    await new Promise((go) => setTimeout(go, 50));
  }
}

/** By their arguments or their environment; none where the system doesn't tell. */
function processesOf(folder) {
  if (!existsSync('/proc/self/environ')) return [];
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  return pids.filter((pid) =>
    ['cmdline', 'environ'].some((file) => isNamedIn(read(`/proc/${pid}/${file}`), folder)),
  );
}

/** The folder itself or what is in it, not another one whose name begins like it. */
function isNamedIn(text, folder) {
  return ['/', '\0'].some((end) => `${text}\0`.includes(`${folder}${end}`));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

function childrenOf(folder) {
  const file = join(folder, 'run', 'children.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).map(({ pid }) => pid) : [];
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function send(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // It has ended already.
  }
}
