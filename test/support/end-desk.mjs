/**
 * `node end-desk.mjs HOME SOCKETS`: reads the pid of the desk's supervisor, a line each time that it changes (0: it has
 * ended), and waits until its standard input closes, which is when the test process at the other end disposes of the
 * desk or dies, however it dies. Then it ends what runs and removes the folders.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [, , home, sockets] = process.argv;
const ORDERLY_END_MS = 30_000;
let supervisor = 0;

createInterface({ input: process.stdin })
  .on('line', (line) => {
    supervisor = Number(line);
  })
  .once('close', () => void end());

async function end() {
  if (supervisor > 0) await endSupervisor();
  for (const child of childrenOf(home)) send(-child, 'SIGKILL');
  rmSync(home, { recursive: true, force: true });
  rmSync(sockets, { recursive: true, force: true });
  process.exit(0);
}

async function endSupervisor() {
  send(supervisor, 'SIGINT');
  // One that a test has suspended hears it only then.
  send(supervisor, 'SIGCONT');
  const deadline = Date.now() + ORDERLY_END_MS;
  while (isAlive(supervisor) && Date.now() < deadline) await new Promise((go) => setTimeout(go, 50));
  send(supervisor, 'SIGKILL');
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
