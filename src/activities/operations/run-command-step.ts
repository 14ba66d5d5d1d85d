/** A step `command`: a program from the desk file's list, run without a shell for a limited time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunIdentity } from '../../contracts/evidence.js';
import type { OwnStepOutcome, OwnStepRequest } from '../../contracts/routine.js';
import { deskEnvironment } from '../../desk/desk-environment.js';
import { filledIn } from '../../desk/own-steps.js';
import { messageOf } from '../../domain/message-of.js';
import { deskFolderOf } from '../../home/runtime.js';
import { killGroup } from '../../supervisor/managed-process.js';
import { type ChildrenFile, endLeftChildren, openChildrenFile } from '../../supervisor/process-table.js';
import {
  type Answered,
  carryOutOwnStep,
  notRun,
  type OwnStepContext,
  StepOutput,
  stepValues,
} from './own-step.js';

/** A process that left the program's group may hold its output open forever. */
const OUTPUT_CLOSES_MS = 1_000;

export type RunningCommands = Pick<ChildrenFile, 'add' | 'remove'>;

/**
 * Records on disk which programs run: they have their own process groups and outlive a killed worker. First
 * ends the programs that an earlier worker left.
 */
export async function openRunningCommands(
  file: string,
  warn: (fields: object, message: string) => void,
): Promise<RunningCommands & { end(): Promise<void> }> {
  await endLeft();
  const running = openChildrenFile(file);
  // An abandoned activity no longer ends its program itself.
  return { ...running, end: endLeft };

  async function endLeft(): Promise<void> {
    try {
      const left = await endLeftChildren(file);
      if (left.length > 0) warn({ left }, 'programs of steps that an earlier worker had left were ended');
    } catch (error) {
      // A failure here is no reason to keep the desk from its procedures.
      warn({ error: messageOf(error) }, 'programs of steps that an earlier worker had left go on');
    }
  }
}

/** `ending`: aborted once nobody waits for the program any longer. */
export function runCommand(
  context: OwnStepContext,
  running: RunningCommands | undefined,
  run: RunIdentity,
  request: OwnStepRequest,
  ending: AbortSignal,
): Promise<OwnStepOutcome> {
  return carryOutOwnStep(context, run, request, async () => {
    const { command = [], expect, timeoutSeconds } = request.step;
    const values = stepValues(context, request.marketMs);
    const [program = '', ...args] = command;
    const folder = deskFolderOf(context.runtime);
    const env = environmentOf(context);
    const began = performance.now();
    const child = spawn(
      program,
      args.map((argument) => filledIn(argument, values)),
      {
        cwd: folder,
        env,
        // Its own process group, so that its children end with it.
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ended = await untilEnded(child, { program, timeoutMs: timeoutSeconds * 1_000, ending, running });
    if ('refused' in ended) return notStarted(program, ended.refused, folder, env);
    return answered(ended, expect?.exitCode ?? 0, timeoutSeconds, performance.now() - began);
  });
}

/** Only a program that is not on this machine is left out; what should start here and can't is a problem. */
function notStarted(
  program: string,
  code: 'ENOENT' | 'EACCES',
  folder: string,
  { PATH = '/bin:/usr/bin' }: NodeJS.ProcessEnv,
): Answered {
  const failed = (observed: string): Answered => ({
    ...notRun(observed, `${program}, which can be started`),
    verdict: 'fail',
  });
  if (code === 'EACCES') return failed(`${program} may not be executed`);
  // The system says the same of a folder, a program and an interpreter that are missing.
  if (!existsSync(folder)) return failed(`the desk's folder ${folder} is gone; nothing was started`);
  const places = program.includes('/') ? [''] : PATH.split(':');
  const isHere = places.some((place) =>
    statSync(resolve(folder, place, program), { throwIfNoEntry: false })?.isFile(),
  );
  return isHere
    ? failed(
        `${program} can't be started: its interpreter is missing (of a script it stands in the first line, which must not end as lines on Windows do)`,
      )
    : notRun(`there is no program ${program} here`, `${program} on this machine`);
}

function environmentOf({ desk }: OwnStepContext): NodeJS.ProcessEnv {
  const given = deskEnvironment();
  const names = ['PATH', 'LANG', ...(desk.commands?.environment ?? [])];
  return Object.fromEntries(names.flatMap((name) => (name in given ? [[name, given[name]]] : [])));
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isLate: boolean;
  readonly output: StepOutput;
}

interface Bounds {
  readonly program: string;
  readonly timeoutMs: number;
  readonly ending: AbortSignal;
  readonly running: RunningCommands | undefined;
}

async function untilEnded(
  child: ChildProcess,
  bounds: Bounds,
): Promise<Ended | { readonly refused: 'ENOENT' | 'EACCES' }> {
  const { program, timeoutMs, ending, running } = bounds;
  const output = new StepOutput();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => output.take(chunk));
    stream?.on('error', () => undefined);
  }
  const closed = once(child, 'close');
  const exited = once(child, 'exit');
  // If the program can't be started, only the error arrives.
  closed.catch(() => undefined);
  exited.catch(() => undefined);
  try {
    await once(child, 'spawn');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EACCES') return { refused: code };
    throw error;
  }
  const pid = child.pid as number;
  const noted = running?.add(program, pid).catch(() => undefined);
  let isLate = false;
  const end = (): void => killGroup(pid);
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, timeoutMs);
  ending.addEventListener('abort', end, { once: true });
  if (ending.aborted) end();
  try {
    const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    // Nothing needs the processes that the program started.
    end();
    await Promise.race([closed, sleep(OUTPUT_CLOSES_MS)]);
    // The next worker tries the step again.
    if (ending.aborted) throw new Error(`${program} was ended, since its worker ends`);
    return { code, signal, isLate, output };
  } finally {
    clearTimeout(timer);
    ending.removeEventListener('abort', end);
    child.stdout?.destroy();
    child.stderr?.destroy();
    void noted?.then(() => running?.remove(pid)).catch(() => undefined);
  }
}

function answered(ended: Ended, wanted: number, timeoutSeconds: number, tookMs: number): Answered {
  const { code, signal, isLate, output } = ended;
  const expected = `exit code ${wanted} within ${timeoutSeconds} s`;
  if (isLate) {
    const observed = `it had not ended after ${timeoutSeconds} s, and was ended with its children`;
    return { verdict: 'fail', observed, expected, output };
  }
  const how = code === null ? `ended by ${signal}` : `exit code ${code}`;
  const observed = `${how} after ${Math.round(tookMs)} ms`;
  return { verdict: code === wanted ? 'pass' : 'fail', observed, expected, output };
}
