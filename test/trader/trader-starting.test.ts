import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { traderStatusSchema } from '../../src/contracts/trader-status.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { until } from '../support/eventually.js';
import { recordsIn, traderHome } from './spawn-trader.js';

it('says how long its journal is while it still starts: who follows it must not take it for set back', async () => {
  const home = traderHome();
  const first = await home.start();
  const { incarnation } = await home.until(({ sequence }) => sequence > 0);
  first.child.kill('SIGTERM');
  await first.exited;
  const [config] = recordsIn(home.journal, 'config');
  expect(config?.account).toBe('paper/simulated-303-seed-7');

  // Nobody writes into it: the start waits for its first row.
  const file = join(home.runtime.home, 'never-written.csv');
  execFileSync('mkfifo', [file]);
  home.changeMarket({ kind: 'recorded', files: [{ symbol: 'BTC/USDT', file }] });
  home.start().catch(() => undefined);
  const starting = await until('an answer', home.status);
  expect(starting).toMatchObject({ mode: 'HALTED', incarnation });
  expect(starting?.reason).toContain('choosing where prices come from');
  expect(starting).toMatchObject({
    starting: true,
    equity: '0.00',
    sizePct: 100,
    reconciliation: { state: 'pending' },
  });
  expect(starting?.goLive).toEqual({ required: false, granted: null });
  expect(starting).not.toHaveProperty('venueIsUp');
  expect(traderStatusSchema.safeParse(starting).error).toBeUndefined();
  expect(starting?.sequence).toBe([...readJournal(home.journal)].length);
});
