import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

export type Stop = () => Promise<void>;

/** A test run that is killed must leave nothing behind: a shell waits on a pipe that closes with this process. */
export function endWithThisProcess(pid: number, stop: Stop): Stop {
  const watch = spawn('sh', ['-c', `cat > /dev/null; kill -KILL ${pid}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  return async () => {
    if (watch.pid) execFileSync('kill', ['-KILL', '--', `-${watch.pid}`]);
    await stop();
  };
}

/** The same for a child that a test starts and ends by itself: a run that stops at the first failure never gets there. */
export function endChildWithThisProcess<Child extends ChildProcess>(child: Child): Child {
  if (child.pid === undefined) return child;
  const stop = endWithThisProcess(child.pid, async () => undefined);
  child.once('exit', () => void stop());
  return child;
}
