/**
 * Actions of the desk's own folder. Each is done once: its process outlives a killed worker, and whoever tries the step
 * again waits for it. If nobody knows how it ended, a person decides: it is never started again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckOutcome } from '../contracts/routine.js';
import type { StepParameters } from '../desk/step-parts.js';
import { deskFolderOf, homePaths, type Runtime } from '../home/runtime.js';
import { filesOf, readKept } from '../pack/done-once.js';
import { PART_FOLDERS } from '../pack/pack-folder.js';
import type { Begun, DoneOnce, Ended } from '../pack/protocol.js';
import { isAlive } from '../supervisor/process-table.js';
import type { CheckContext } from './check.js';
import { outcomeOf, type PackChild, packContext, startPackChild } from './pack-child.js';

const POLL_MS = 100;
/** Margin for an action that starts late; it ends by itself. */
const AFTER_LIMIT_MS = 10_000;
/** After this no run asks for the result any more. */
const KEPT_MS = 30 * 86_400_000;

interface OwnActionRequest {
  /** Identifies this step of this run: an action started under it is never started again. */
  readonly key: string;
  readonly action: string;
  readonly given: StepParameters;
  readonly limitMs: number;
  /** Aborted once nobody here waits for it any longer. */
  readonly ending: AbortSignal;
}

export type RunOwnAction = (request: OwnActionRequest) => Promise<CheckOutcome>;

/** Rejects if nothing was started. */
export function ownActions(runtime: Runtime, context: Pick<CheckContext, 'desk' | 'trader'>): RunOwnAction {
  const folder = homePaths(runtime.home).ownActions;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forgetOld(folder);
  return async ({ key, action, given, limitMs, ending }) => {
    const name = createHash('sha256').update(key).digest('hex');
    const once: DoneOnce = { ...filesOf(folder, name), limitMs };
    const expected = `an answer within ${limitMs / 1_000} s`;
    const giveUpMs = performance.now() + limitMs + AFTER_LIMIT_MS;
    let child: PackChild | null = null;
    let said: Ended | null | undefined;
    if (readKept<Begun>(once.begunFile) === null) {
      const asked = { ...(await packContext(context)), key };
      child = await startPackChild(deskFolderOf(runtime), `${PART_FOLDERS.action}/${action}`, {
        ...{ context: asked, given, once },
      });
      void child.ended.then((ended) => {
        said = ended;
      });
    }
    for (;;) {
      const begun = readKept<Begun>(once.begunFile);
      // In this order: an action that ends in between has written its result.
      const isGone = begun === null ? said !== undefined : !isAlive(begun.pid);
      const ended = readKept<Ended>(once.endedFile);
      if (ended !== null) return answerOf(ended);
      if (isGone && begun === null) return outcomeOf(runtime.home, said ?? null);
      const isLate = performance.now() > giveUpMs;
      if (begun !== null && (isGone || isLate)) {
        const since = `begun at ${new Date(begun.begunMs).toISOString()}`;
        const how = isGone ? 'ended without an answer' : 'not ended in its time';
        const observed = `${since}, ${how}; it is not begun again: look what it has done`;
        return { verdict: 'fail', observed, expected };
      }
      if (isLate) child?.kill();
      // Its process continues within its own limit: the next worker waits for it.
      if (ending.aborted) throw new Error('its worker ends; what was begun goes on');
      await sleep(POLL_MS);
    }

    function answerOf(ended: Ended): CheckOutcome {
      try {
        return outcomeOf(runtime.home, ended);
      } catch (error) {
        // Another attempt would find the same.
        return { verdict: 'fail', observed: (error as Error).message, expected };
      }
    }
  };
}

function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    // Renamed meanwhile by an action that has just ended.
    if (stat === undefined) continue;
    if (Date.now() - stat.mtimeMs > KEPT_MS) rmSync(file, { force: true });
  }
}
