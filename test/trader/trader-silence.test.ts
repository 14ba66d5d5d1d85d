import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { recordsIn, traderHome } from './spawn-trader.js';

it('is HALTED because of the clock after it was stopped for six seconds, before it acts on any price', async () => {
  const home = traderHome();
  const { child } = await home.start();
  await home.arm();
  child.kill('SIGSTOP');
  await sleep(6000);
  child.kill('SIGCONT');
  const halted = await home.until(({ mode }) => mode === 'HALTED');
  expect(halted.halts.map(({ cause }) => cause)).toContain('clock-jump');
  expect(halted.entriesWorking).toBe(0);
});

it('stops entries and ends by itself when its supervisor disappears', async () => {
  const home = traderHome();
  const { child, exited } = await home.start();
  await home.arm();
  child.disconnect();
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(recordsIn(home.journal, 'halt').map(({ halt }) => halt.cause)).toContain('supervisor-lost');
});

it('ends by itself, too, when its supervisor disappears while it starts', async () => {
  const home = traderHome();
  expect(await home.startOrphaned().exited).toEqual({ code: 0, signal: null });
  expect(recordsIn(home.journal, 'halt').map(({ halt }) => halt.cause)).toContain('supervisor-lost');
});

it('stops when operations have been silent for as long as the desk file allows', async () => {
  const home = traderHome({
    edit: (text) => text.replace(/operationsSilentSeconds: \d+/, 'operationsSilentSeconds: 5'),
  });
  await home.start();
  // From the start on: until it is armed, a busy machine may take as long as operations may be silent.
  const beat = () => home.client.call('heartbeat', { from: 'operations' }).catch(() => undefined);
  const beating = setInterval(beat, 250);
  onTestFinished(() => clearInterval(beating));
  await home.arm();
  await sleep(6000);
  expect((await home.status()).mode).toBe('ACTIVE');
  clearInterval(beating);
  const halted = await home.until(({ mode }) => mode === 'HALTED');
  expect(halted.halts.map(({ cause }) => cause)).toContain('heartbeat-operations');
});
