/** `fermata up`: one desk and everything it needs, from start to orderly end. */
import { join } from 'node:path';
import { secretVariable } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';
import { closeSwitch, orderSwitch } from '../home/builds.js';
import { type FileLock, waitForLock } from '../home/file-lock.js';
import { watchDisk } from '../home/free-space.js';
import { closeRestoreOrder, writeRestoreOrder } from '../home/restore-mark.js';
import { forgetSockets, type HomePaths, homePaths, recordSockets } from '../home/runtime.js';
import { ensureSecrets } from '../home/secrets.js';
import { nothingJoined } from '../home/shared-process.js';
import { joinPeople } from '../home/sign-in-standing.js';
import { supervisorSocketPath } from '../home/supervisor-protocol.js';
import { forgetStarter, markStarter } from './desk-end.js';
import { DeskProcesses, type ProcessesContext } from './desk-processes.js';
import { type Ending, openActions, watchForEnding } from './ending.js';
import { type DeskLog, openDeskLog } from './log/desk-log.js';
import { endLeftChildren, openChildrenFile } from './process-table.js';
import { createRedactor, knownSecrets } from './redact.js';
import { checkDisk, claimAccount, claimHome, preflight } from './start/claim-home.js';
import { choosePorts, type DeskPorts, pagePort } from './start/runtime-file.js';
import { type Phase, startDesk, summarise } from './start/start-desk.js';
import { openSupervisorSocket, type SupervisorSocket } from './supervisor-socket.js';
import { type StartAgain, StartFailure, type UpOptions, type UpOutcome } from './up-options.js';

/** Resolves at the desk's end. Rejects with StartFailure (or TemporalNotFound); nothing is left running. */
export async function up(options: UpOptions): Promise<UpOutcome> {
  const claim = await claimHome(options.home);
  if (claim.kind === 'taken') {
    options.onStartFailed?.();
    return { kind: 'already-running', exitCode: 1, message: claim.message, doThis: claim.doThis };
  }
  const ending = watchForEnding();
  const phase: Phase = { name: 'starting' };
  try {
    forgetStarter(claim.paths.home);
    await run(options, claim.paths, ending, phase);
    const { againAfterMs } = ending;
    if (againAfterMs !== null && options.again !== undefined)
      await markStarter(claim.paths.home, options.again.starter);
    return { kind: 'ended', exitCode: 0, ...(againAfterMs === null ? {} : { againAfterMs }) };
  } catch (error) {
    // Nothing had begun: another process may hold what this one needs, and release it a moment later.
    if (phase.name === 'starting') options.onStartFailed?.();
    throw error;
  } finally {
    ending.close();
    claim.lock.release();
  }
}

async function run(options: UpOptions, paths: HomePaths, ending: Ending, phase: Phase): Promise<void> {
  const env = options.env ?? process.env;
  joinPeople(paths.home);
  const made = await ensureSecrets(paths.home, secretVariable(env, 'DASHBOARD_PASSWORD') ?? undefined);
  if (made.unusedPassword !== undefined) options.onProgress?.({ kind: 'line', text: made.unusedPassword });
  const log = openDeskLog(paths.logs, createRedactor(knownSecrets(paths.home, env)), options.loaded.desk);
  let account: FileLock | null = null;
  try {
    account = claimAccount(options.loaded.desk, paths, env);
    await runLogged(options, paths, ending, phase, log);
  } catch (error) {
    throw explain(error, log);
  } finally {
    account?.release();
  }
}

async function runLogged(
  options: UpOptions,
  claimed: HomePaths,
  ending: Ending,
  phase: Phase,
  log: DeskLog,
): Promise<void> {
  const say = (text: string): void => options.onProgress?.({ kind: 'line', text: log.redact(text) });
  const step = (text: string): void => options.onProgress?.({ kind: 'step', text: log.redact(text) });
  const begunMs = performance.now();
  const childrenPath = join(claimed.run, 'children.json');
  const left = await endLeftChildren(childrenPath);
  if (left.length > 0) say(`Ended what an earlier start had left: ${left.join(', ')}`);
  for (const lock of await nothingJoined(claimed.home, ending.asked)) lock.release();
  // Only now: until here, the leftovers of an earlier start were found by its sockets.
  forgetSockets(claimed.home);
  const paths = homePaths(claimed.home);
  closeRestoreOrder(paths.home);
  if (options.again?.isOnTrial !== true) closeSwitch(paths.home);
  options.writeDesk?.();
  const ports = await portsInTurn(options, paths, ending, say);
  const children = openChildrenFile(childrenPath, (why) => log.write('supervisor', 'error', why));
  const context: ProcessesContext = { options, paths, log, children, ending, say, step };
  const processes = new DeskProcesses(context);
  const socket = await openSocket(context, processes, phase);
  const disk = watchDisk(paths.ballast, paths.home, (freeMb) => warnOfFullDisk(context, freeMb));
  try {
    recordSockets(paths.home);
    log.write('supervisor', 'info', `starting desk ${options.loaded.desk.desk} in ${paths.home}`);
    const runtime = await startDesk(context, processes, ports, phase);
    phase.name = 'running';
    say(`Ready after ${Math.round((performance.now() - begunMs) / 1000)} s`);
    options.onReady?.(await summarise(options, paths, runtime, log.file));
    log.write('supervisor', 'info', `ending: ${await ending.requested}`);
  } catch (error) {
    // Asked to end while starting: that is an end, not a failure.
    if (ending.asked.aborted) return;
    if (phase.name === 'starting') options.onStartFailed?.();
    say('The start failed: what it had begun is ended again …');
    throw error;
  } finally {
    phase.name = 'stopping';
    if (ending.asked.aborted)
      say('Ending in order: entries are cancelled, positions and their stops are kept …');
    disk.close();
    await processes.stop();
    await socket.close();
    forgetSockets(paths.home);
    children.close();
    const open = await openActions(paths.ownActions);
    const goesOn = `but for what the desk’s own folder has begun and goes on: ${open.join(', ')}`;
    log.write('supervisor', 'info', `everything has ended${open.length === 0 ? '' : `, ${goesOn}`}`);
    if (ending.asked.aborted)
      say(open.length === 0 ? 'Ended: nothing of this desk runs any more' : `Ended, ${goesOn}`);
  }
}

/** One start at a time: two simultaneous first starts would choose the same port for their pages. */
async function portsInTurn(
  options: UpOptions,
  paths: HomePaths,
  ending: Ending,
  say: (text: string) => void,
): Promise<DeskPorts> {
  const { api } = options.loaded.desk;
  const turn = await waitForLock(join(paths.servers.run, 'ports.lock'), ending.asked);
  try {
    const web = { host: api.host, port: options.port ?? (await pagePort(paths.home, api)) };
    if (options.port === undefined && web.port !== api.port)
      say(`Port ${api.port} is another desk’s here: the page of this one is at port ${web.port}`);
    await preflight(paths.home, web, options.freeBytes);
    return await choosePorts(paths.run, web.port);
  } finally {
    turn?.release();
  }
}

function warnOfFullDisk({ log, say }: ProcessesContext, freeMb: number): void {
  const text = `the disk is nearly full (${freeMb} MB): 64 MB kept in reserve were given back. Free some space now.`;
  log.write('supervisor', 'error', text);
  say(text);
}

function openSocket(
  { options, paths, ending }: ProcessesContext,
  processes: DeskProcesses,
  phase: Readonly<Phase>,
): Promise<SupervisorSocket> {
  const startedWallMs = Date.now();
  return openSupervisorSocket(supervisorSocketPath(paths.home), {
    who: () => ({ pid: process.pid, desk: options.loaded.desk.desk, startedWallMs, phase: phase.name }),
    processes: () => processes.statuses,
    stop: ({ hurry }) => {
      ending.ask('fermata down', hurry);
      return { stopping: true };
    },
    restart: ({ name }) => processes.restart(name),
    startAgain: async ({ pauseMs }) => {
      const again = await startOf(options, paths.home);
      ending.askAgain('fermata restart --all', pauseMs);
      return { starter: again.starter };
    },
    restoreDatabase: async ({ key, by }) => {
      const again = await startOf(options, paths.home);
      const choice = await again.chooseBackup();
      // Choosing takes a while: if an end was ordered meanwhile, this must not override it.
      ending.refuseWhereAsked();
      writeRestoreOrder(paths.home, { key, by, ...choice, outcome: null });
      ending.askAgain(`restore of the database, agreed to by ${by}`, 0);
      return { backupId: choice.backupId };
    },
    switchBuild: async ({ key, by, to }) => {
      const { starter } = await startOf(options, paths.home);
      ending.refuseWhereAsked();
      orderSwitch(paths.home, { key, by, to, starter });
      ending.askAgain(`build ${to}, agreed to by ${by}`, 0);
      return { starter };
    },
  });
}

/** Rejects if a new start would be refused now. */
async function startOf({ again, freeBytes }: UpOptions, home: string): Promise<StartAgain> {
  if (again === undefined) throw new Error('whoever started this desk does not start it again');
  await checkDisk(home, freeBytes);
  await again.check();
  return again;
}

function explain(error: unknown, log: DeskLog): unknown {
  const message = log.redact(messageOf(error));
  log.write('supervisor', 'error', `the start failed: ${message}`);
  const explained = error instanceof Error && 'doThis' in error;
  return explained ? error : new StartFailure(message, `look at ${log.file}, and at: fermata doctor`);
}
