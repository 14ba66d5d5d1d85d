import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import type { ManagedProcess } from '../../src/supervisor/managed-process.js';

export type Stop = () => Promise<void>;

/**
 * A test run that is killed must leave nothing behind: a shell waits on a pipe that closes with this process, ends the
 * other one and removes its folder.
 */
export function endWithThisProcess(pid: number, stop: Stop, folder?: string): Stop {
  // What the server has started itself sees its end a moment later, and may still write.
  const remove = folder === undefined ? '' : '; sleep 1; rm -rf -- "$0"';
  const watch = spawn('sh', ['-c', `cat > /dev/null; kill -KILL ${pid}${remove}`, folder ?? 'sh'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  return async () => {
    if (watch.pid) execFileSync('kill', ['-KILL', '--', `-${watch.pid}`]);
    await stop();
  };
}

/** The same, as `onSpawned` of a server that a test starts by itself. */
export async function endServerWithThisProcess({ pid, exited }: ManagedProcess): Promise<void> {
  void exited.then(endWithThisProcess(pid, async () => undefined));
}

/** The same for a child that a test starts and ends by itself: a run that stops at the first failure never gets there. */
export function endChildWithThisProcess<Child extends ChildProcess>(child: Child): Child {
  if (child.pid === undefined) return child;
  const stop = endWithThisProcess(child.pid, async () => undefined);
  child.once('exit', () => void stop());
  return child;
}
