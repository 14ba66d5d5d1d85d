/** Before a start with real money: a failed pre-flight check forbids it; a warning is shown and sent to people. */
import type { LoadedDesk } from '../desk/load.js';
import { preflightAtStart } from '../operations/go-live/preflight.js';
import { CliFailure } from './failure.js';

/** Throws if a check failed; then nothing was started. */
export async function readyForRealMoney(
  loaded: Pick<LoadedDesk, 'desk' | 'configHash'>,
  home: string,
  simulatedVenue: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const place = { home, env, simulatedVenue, nowMs: Date.now };
  const { failures, warnings } = await preflightAtStart(loaded, place);
  if (failures.length > 0) {
    throw new CliFailure(
      `desk ${loaded.desk.desk} does not start with real money:\n${failures.join('\n')}`,
      'nothing was started and no order was sent; stops that rest at the exchange stay there',
      'put that right, and look again with fermata preflight',
    );
  }
  if (warnings.length > 0) process.stderr.write(`${warnings.map((line) => `! ${line}`).join('\n')}\n`);
}
