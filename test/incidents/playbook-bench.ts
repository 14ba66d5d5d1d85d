/** A desk with a scripted trader, whose incidents are carried out by real workers. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homePaths } from '../../src/home/runtime.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, type DeskOptions, openBench } from '../workflows/support/desk-bench.js';
import { type RunningIncident, timelineOf } from './incident-bench.js';

export interface PlaybookBench {
  readonly bench: Bench;
  readonly desk: BenchDesk;
  readonly logs: string;
  close(): Promise<void>;
}

export async function openPlaybookBench(more: Pick<DeskOptions, 'activities'> = {}): Promise<PlaybookBench> {
  const home = mkdtempSync(join(tmpdir(), 'incidents-'));
  const { logs } = homePaths(home);
  mkdirSync(logs, { recursive: true });
  const bench = await openBench();
  const desk = await bench.desk({ serve: ['operations', 'engine'], logsHome: home, ...more });
  const close = async (): Promise<void> => {
    await bench.close();
    rmSync(home, { recursive: true, force: true });
  };
  return { bench, desk, logs, close };
}

/** Everything as it is on a desk that trades. */
export function calm({ trader, processes }: BenchDesk): void {
  trader.halts = [];
  trader.mode = 'ACTIVE';
  trader.gone = false;
  trader.closeAllState = 'idle';
  trader.venueBreaker = 'closed';
  trader.market = {};
  trader.venueIsUp = true;
  trader.reconciliation = 'clean';
  trader.readAtWallMs = null;
  trader.sizePct = 100;
  trader.strategies = [];
  trader.held = [];
  trader.risk = [];
  trader.received.length = 0;
  processes.clear();
}

export async function stepOf(bench: Bench, incident: RunningIncident, name: string) {
  return until(`the step "${name}"`, async () =>
    (await timelineOf(bench, incident)).find((step) => step.name === name),
  );
}
