/**
 * A restore that is proven: the files are what was written, the database comes back on a server of its own, every table
 * is what the manifest says, the journals' chains hold, the ledger is the journals', and the evidence is unbroken.
 */

import type { PgConnection } from '../pg-programs.js';
import { proveRestored, readBack } from '../restore/prove-restored.js';
import { type DrillStep, DrillSteps } from './drill-step.js';
import { type ScratchServer, startScratchServer } from './scratch-server.js';

export interface DrillRequest {
  readonly home: string;
  readonly backupId: string;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  /** Everything is proven; the server is removed only when this resolves. */
  readonly onProven?: (connection: PgConnection) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface DrillOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
}

/** Nothing but a folder below `home/drill` is written, and that is removed. */
export async function runDrill(request: DrillRequest): Promise<DrillOutcome> {
  const { home, backupId, signal } = request;
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const backup = await readBack(steps, home, backupId, signal);
  let scratch: ScratchServer | null = null;
  const open = async (): Promise<ScratchServer> => {
    scratch = await startScratchServer(home);
    return scratch;
  };
  try {
    if (backup) await proveRestored(steps, backup, { title: 'Restored into a scratch server', open }, signal);
    const proven = scratch as ScratchServer | null;
    if (steps.passed && proven !== null) await request.onProven?.(proven.connection);
  } finally {
    await (scratch as ScratchServer | null)?.remove();
  }
  return { passed: steps.passed, steps: steps.done };
}
