/** The shipped desk of the SLOB runbook at a simulated IB Gateway, from the command on, in a folder whose file can be changed. */

import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../../simulators/ibkr/start.js';
import type { TraderStatus } from '../../../src/contracts/trader-status.js';
import { resolveDesk } from '../../../src/desk/resolve-desk.js';
import { readApprovals } from '../../../src/store/approval-rows.js';
import type { UpSummary } from '../../../src/supervisor/up-options.js';
import { withStore } from '../../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest } from '../../support/desk-under-test.js';
import { until } from '../../support/eventually.js';

interface SlobDesk {
  readonly desk: DeskUnderTest;
  /** Its desk file. */
  readonly file: string;
  /** Of the Gateway. */
  address(): string;
  up(): Promise<UpSummary>;
  /** Resolves once it trades. */
  active(): Promise<TraderStatus>;
  givenPassword(password: string): void;
  /** What a command shows to programs. */
  shown<T>(...args: string[]): Promise<T>;
  /** The id of the open question whose own id is like this. */
  questionLike(id: RegExp): Promise<string>;
}

/** For all tests of the file that calls it. */
export function slobDesk(): SlobDesk {
  const desk = deskUnderTest('slob');
  const file = join(desk.home, 'mine', 'slob', 'desk.yaml');
  const givenPassword = (password: string): void =>
    writeFileSync(join(desk.home, '.env'), `DASHBOARD_PASSWORD=${password}\n`);
  let simulator: IbkrSimulator;
  beforeAll(async () => {
    cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
    givenPassword('before-the-rotation');
    const accounts = [{ id: 'DU1234567', cash: '100000.00' }];
    simulator = await startIbkrSimulator({ accounts, walkMs: 500 });
  });
  afterAll(async () => {
    await desk.dispose();
    await simulator?.close();
  });
  return {
    desk,
    file,
    address: () => simulator.address,
    up: () => desk.up('--desk', file, '--simulated-venue', simulator.address),
    active: () =>
      until('ACTIVE', async () => {
        const now = await desk.status();
        return now.mode === 'ACTIVE' ? now : null;
      }),
    givenPassword,
    shown: async <T>(...args: string[]): Promise<T> => {
      const { stdout, stderr } = await desk.ask(...args, '--json');
      try {
        return JSON.parse(stdout) as T;
      } catch {
        throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
      }
    },
    questionLike: (id) =>
      until('the question', () =>
        withStore(desk, async (pool) => {
          const all = await readApprovals(pool, 'slob');
          return all.find((one) => one.state === 'open' && id.test(one.id))?.id;
        }),
      ),
  };
}
