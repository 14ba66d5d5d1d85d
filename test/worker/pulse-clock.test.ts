import { expect, it } from 'vitest';
import { watchPulse } from '../../src/worker/engine-worker.js';
import { POLL_MS } from '../../src/worker/repeat.js';

const HOUR_MS = 3_600_000;

it('takes no pulse for one that stands still because Temporal’s clock is hours behind this machine’s', () => {
  let steadyMs = 0;
  const standsStill = watchPulse(
    () => steadyMs + 3 * HOUR_MS,
    () => steadyMs,
  );
  for (; steadyMs < HOUR_MS; steadyMs += 20_000)
    expect(standsStill(Math.floor(steadyMs / POLL_MS.pulse) * POLL_MS.pulse)).toBe(false);
});

it('says that a pulse stands still once nothing has come for two and a half beats', () => {
  let steadyMs = 0;
  const standsStill = watchPulse(
    () => steadyMs,
    () => steadyMs,
  );
  expect(standsStill(0)).toBe(false);
  steadyMs = 2.5 * POLL_MS.pulse;
  expect(standsStill(0)).toBe(false);
  steadyMs += 1;
  expect(standsStill(0)).toBe(true);
  expect(standsStill(steadyMs)).toBe(false);
});

it('calls no beat old while this machine’s clock, set back, has not come to it again', () => {
  let steadyMs = 0;
  const standsStill = watchPulse(
    () => steadyMs - HOUR_MS,
    () => steadyMs,
  );
  for (; steadyMs < HOUR_MS; steadyMs += 20_000) expect(standsStill(0)).toBe(false);
});
