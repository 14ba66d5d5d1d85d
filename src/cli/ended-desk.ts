/** What a command reports at once, instead of waiting, if it is certain that nothing of the desk runs. */

import { isContainer } from '../home/is-container.js';
import type { Runtime } from '../home/runtime.js';
import { hasEnded } from '../supervisor/desk-ended.js';
import { CliFailure } from './failure.js';
import { requireRuntime } from './running-desk.js';

const START_IT = 'start it with `fermata up`; what happened before: fermata logs';

/** Null if anything may still be running; the roles of containers are started and ended by somebody else. */
export async function endedDesk(
  { home, desk }: Pick<Runtime, 'home' | 'desk'>,
  doThis: string = START_IT,
): Promise<CliFailure | null> {
  if (isContainer(process.env) || !(await hasEnded(home))) return null;
  return new CliFailure(
    `desk ${desk} has ended: none of its processes runs, so nothing is trading`,
    'nothing enters while no trader runs; positions keep the stops that rest at the venue',
    doThis,
  );
}

/**
 * For requests that only the desk's own processes can answer. Throws `CliFailure` if no desk was started or it has
 * ended.
 */
export async function requireRunning(): Promise<Runtime> {
  const runtime = requireRuntime();
  const ended = await endedDesk(runtime);
  if (ended !== null) throw ended;
  return runtime;
}
