/**
 * Restores a backup and proves it: the files are unchanged, the database is restored on a scratch server, every table
 * matches the manifest, the journals' chains hold, the ledger matches the journals, and the evidence is unbroken.
 */

import type { Manifest } from '../manifest.js';
import type { PgConnection } from '../pg-programs.js';
import { proveRestored, readBack } from '../restore/prove-restored.js';
import { type DrillStep, DrillSteps, type Observation } from './drill-step.js';
import { proveWorking } from './prove-working.js';
import { type ScratchServer, startScratchServer } from './scratch-server.js';

export interface DrillRequest {
  readonly home: string;
  readonly backupId: string;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  /**
   * Called when everything is proven; the server is removed only when this resolves. The database is untouched: with
   * this callback, the working test is skipped.
   */
  readonly onProven?: (connection: PgConnection) => Promise<void>;
  /** The last step: compares the restored state with the live desk's. */
  readonly compare?: (manifest: Manifest) => Promise<Observation>;
  readonly signal?: AbortSignal;
}

export interface DrillOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
}

/** Writes only to a folder below `home/drill`, which is removed. */
export async function runDrill(request: DrillRequest): Promise<DrillOutcome> {
  const { home, backupId, signal } = request;
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const backup = await readBack(steps, home, backupId, signal);
  let scratch: ScratchServer | null = null;
  const open = async (): Promise<ScratchServer> => {
    scratch = await startScratchServer(home);
    return scratch;
  };
  const restored = (): PgConnection => {
    if (scratch === null) throw new Error('nothing was restored');
    return scratch.connection;
  };
  try {
    if (backup) await proveRestored(steps, backup, { title: 'Restored into a scratch server', open }, signal);
    const proven = scratch as ScratchServer | null;
    if (backup && request.onProven === undefined) await proveWorking(steps, backup, restored);
    if (backup && request.compare !== undefined) await proveCurrent(steps, backup.manifest, request.compare);
    if (steps.passed && proven !== null) await request.onProven?.(proven.connection);
  } finally {
    await (scratch as ScratchServer | null)?.remove();
  }
  return { passed: steps.passed, steps: steps.done };
}

function proveCurrent(
  steps: DrillSteps,
  manifest: Manifest,
  compare: (manifest: Manifest) => Promise<Observation>,
): Promise<void> {
  const expected = 'the restored state is the live desk’s, as far as it had come';
  return steps.run({ key: 'live', title: 'As the live desk', expected }, () => compare(manifest));
}
