/** Does for a role without a supervisor (each in its own container) what the supervisor does for the others. */
import { join } from 'node:path';
import { deskEnvironment } from '../desk/desk-environment.js';
import { calendarOf, homePaths, type Runtime } from '../home/runtime.js';
import { type DeskLog, deskLogOf, logFiles } from '../supervisor/log/desk-log.js';
import { LaterFile, type MakeRoom } from '../supervisor/log/rotating-file.js';
import { createRedactor, knownSecrets } from '../supervisor/redact.js';
import { beginLife, type LivingRole } from './role-life.js';

/** Size of each of its two log files: seven roles keep at most 210 MB. */
const FILE_BYTES_MAX = 5 * 1024 * 1024;
const FILES_KEPT = 2;

/** `fermata up` passes the runtime in a file; without it, the role is on its own. */
export const isSeparate = (): boolean => !deskEnvironment().FERMATA_RUNTIME;

/**
 * Maintains the role's life file and log from here on, including how the process ends. Call before anything
 * writes a line.
 */
export function runSeparately(role: string, runtime: Runtime): LivingRole {
  const life = beginLife(role, runtime.home, { desk: runtime.desk, port: runtime.web.port });
  const { log, flush } = openLog(role, runtime);
  keepLines(process.stdout, (line) => log.writeChildLine(role, line, 'out'));
  keepLines(process.stderr, (line) => log.writeChildLine(role, line, 'err'));
  // Even a silent role needs a log: a missing one would suggest that none is kept.
  log.write(role, 'info', `${role} starts (process ${process.pid})`);
  const { deathBefore } = life;
  if (deathBefore !== null) log.write(role, 'error', `${role} had ended unexpectedly (${deathBefore.how})`);
  process.on('uncaughtExceptionMonitor', (error) => {
    life.die(error.message);
    log.write(role, 'error', error.stack ?? error.message);
  });
  process.on('exit', (code) => {
    life.die(`exit code ${code}`);
    flush();
  });
  return life;
}

function openLog(role: string, runtime: Runtime): { readonly log: DeskLog; readonly flush: () => void } {
  const { home, logs } = homePaths(runtime.home);
  const files: LaterFile[] = [];
  const open = (path: string, makeRoom: MakeRoom): LaterFile => {
    const file = new LaterFile(path, makeRoom);
    files.push(file);
    return file;
  };
  const redact = createRedactor(knownSecrets(home));
  const sizes = { bytesMax: FILE_BYTES_MAX, kept: FILES_KEPT };
  return {
    log: deskLogOf(join(logs, `${role}.log`), logFiles(role, logs, sizes, calendarOf(runtime), open), redact),
    flush: () => {
      for (const file of files) file.flush();
    },
  };
}

/** Lines still go to standard output; pino uses the stream's `write` once that is replaced. */
function keepLines(stream: NodeJS.WriteStream, onLine: (line: string) => void): void {
  const { write } = stream;
  stream.on('error', () => undefined); // the reader may have gone away
  let begun = '';
  stream.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
    const lines = `${begun}${Buffer.from(chunk).toString('utf8')}`.split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    return write.call(stream, chunk, ...rest);
  };
}
