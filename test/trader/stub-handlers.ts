/** Handlers that answer at once or when told to, for tests of the socket alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandResult } from '../../src/contracts/control.js';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { listenForControl } from '../../src/trader/control/control-server.js';
import type { ControlHandlers } from '../../src/trader/control/requests.js';

function notHere(): never {
  throw new ControlRefusal({
    code: 'not-here',
    message: 'not in this test',
    keptSafe: 'all',
    doThis: 'nothing',
  });
}

export function commandResult(commandId: string): CommandResult {
  return { commandId, ok: true, detail: 'done', haltId: null, mode: 'HALTED' };
}

export function handlersWith(own: Partial<ControlHandlers>): ControlHandlers {
  return {
    status: async () => notHere(),
    stop: async ({ commandId }) => commandResult(commandId),
    halt: async () => notHere(),
    closeAll: async () => notHere(),
    kill: async () => notHere(),
    closePosition: async () => notHere(),
    cancelEntry: async () => notHere(),
    arm: async () => notHere(),
    claimCoins: async () => notHere(),
    toggle: async () => notHere(),
    resize: async () => notHere(),
    reload: async () => notHere(),
    goLive: async () => notHere(),
    revokeGoLive: async () => notHere(),
    bars: async () => notHere(),
    equity: async () => notHere(),
    explainCash: async () => notHere(),
    corporateAction: async () => notHere(),
    noSplit: async () => notHere(),
    reconcile: async () => notHere(),
    signal: async () => notHere(),
    withdrawSignal: async () => notHere(),
    flatProof: async () => notHere(),
    heartbeat: async () => ({ mode: 'HALTED', sequence: 7 }),
    follow: () => notHere(),
    ...own,
  };
}

export function shortFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fc-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function listenIn(folder: string, own: Partial<ControlHandlers> = {}): Promise<string> {
  const path = join(folder, 's', 'c.sock');
  const server = await listenForControl(path, handlersWith(own));
  onTestFinished(() => server.close());
  return path;
}
