/** Checks and reports of the desk's own folder. */
import { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import type { StepParameters } from '../desk/step-parts.js';
import { deskFolderOf, type Runtime } from '../home/runtime.js';
import { PART_FOLDERS, type PartKind, partFiles } from '../pack/pack-folder.js';
import { type Report, type ReportContext, report } from '../reports/report.js';
import type { ChildrenFile } from '../supervisor/children-file.js';
import { type Check, type CheckContext, check } from './check.js';
import { outcomeOf, packContext, startPackChild } from './pack-child.js';

/** Ends before the step's own time is over, so that the reason can be given. */
const PART_OF_STEP = 0.9;
/** Default if no step sets a time. */
const STEP_MS = 30_000;

interface OwnParts {
  readonly checks: ReadonlyMap<string, Check>;
  readonly reports: ReadonlyMap<string, Report>;
}

/**
 * `running`: records child processes, so that the next worker ends those that outlive a killed one. The code is read
 * again each time.
 */
export function ownParts(runtime: Runtime, running: Pick<ChildrenFile, 'add' | 'remove'>): OwnParts {
  const folder = deskFolderOf(runtime);
  const files = partFiles(folder);
  return { checks: new Map(ownChecks()), reports: new Map(ownReports()) };

  function ownChecks(): [string, Check][] {
    return namesOf('check').map((name) => [
      name,
      check(z.looseObject({}), (context, given) => ask('check', name, context, given as StepParameters)),
    ]);
  }

  function ownReports(): [string, Report][] {
    const saidBy = async (name: string, context: ReportContext, given: StepParameters): Promise<string> => {
      const { verdict, observed } = await ask('report', name, context, given);
      if (verdict !== 'pass') throw new Error(observed);
      return observed;
    };
    return namesOf('report').map((name) => [
      name,
      report(z.looseObject({}), (context, given) => saidBy(name, context, given as StepParameters)),
    ]);
  }

  function namesOf(kind: PartKind): string[] {
    return files.filter((one) => one.kind === kind).map(({ name }) => name);
  }

  async function ask(
    kind: PartKind,
    name: string,
    context: CheckContext & Partial<ReportContext>,
    given: StepParameters,
  ): Promise<CheckOutcome> {
    const limitMs = (context.stepMs ?? STEP_MS) * PART_OF_STEP;
    const untilMs = performance.now() + limitMs;
    const { marketMs } = context;
    const asked = { ...(await packContext(context)), ...(marketMs === undefined ? {} : { marketMs }) };
    const child = await startPackChild(folder, `${PART_FOLDERS[kind]}/${name}`, { context: asked, given });
    const noted = running.add(`${kind} ${name}`, child.pid).catch(() => undefined);
    let isLate = false;
    const timer = setTimeout(
      () => {
        isLate = true;
        child.kill();
      },
      Math.max(0, untilMs - performance.now()),
    );
    try {
      const ended = await child.ended;
      if (isLate)
        throw new Error(`it had not ended after ${limitMs / 1_000} s, and was ended with its children`);
      return outcomeOf(runtime.home, ended);
    } finally {
      clearTimeout(timer);
      void noted.then(() => running.remove(child.pid));
    }
  }
}
