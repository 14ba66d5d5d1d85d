import { execFileSync, spawn } from 'node:child_process';

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
