import { describe, expect, it } from 'vitest';
import { Breaker } from '../../src/venue/breaker.js';

const opened = () => {
  const breaker = new Breaker({ failuresToOpen: 3, openMs: 60_000 });
  breaker.failed(0, 'a');
  breaker.failed(0, 'b');
  const change = breaker.failed(1000, 'no answer');
  return { breaker, change };
};

describe('the circuit breaker', () => {
  it('opens after so many failures in a row, and an answer in between starts the count again', () => {
    const breaker = new Breaker({ failuresToOpen: 3, openMs: 60_000 });
    breaker.failed(0, 'a');
    breaker.failed(0, 'b');
    breaker.succeeded();
    expect(breaker.failed(0, 'c')).toBeNull();
    expect(breaker.state).toBe('closed');
    const { change } = opened();
    expect(change).toMatchObject({ from: 'closed', to: 'open' });
    expect(change?.detail).toContain('no answer');
  });

  it('as it ships opens with the fifth failure in a row, and lets one request try after a minute', () => {
    const breaker = new Breaker();
    for (const cause of ['a', 'b', 'c', 'd']) expect(breaker.failed(0, cause)).toBeNull();
    expect(breaker.failed(0, 'e')).toMatchObject({ to: 'open' });
    expect(breaker.nextTryMs).toBe(60_000);
    expect(breaker.allows('order', 59_999)).toBe(false);
    expect(breaker.allows('order', 60_000)).toBe(true);
  });

  it('lets nothing but urgent requests through while it is open', () => {
    const { breaker } = opened();
    expect(breaker.nextTryMs).toBe(61_000);
    for (const urgency of ['order', 'read', 'background'] as const) {
      expect(breaker.allows(urgency, 60_999)).toBe(false);
    }
    expect(breaker.allows('urgent', 1000)).toBe(true);
    expect(breaker.state).toBe('open');
  });

  it('lets one request try after its time, and not a second one beside it', () => {
    const { breaker } = opened();
    expect(breaker.allows('read', 61_000)).toBe(true);
    expect(breaker.state).toBe('halfOpen');
    expect(breaker.allows('read', 61_000)).toBe(false);
  });

  it('closes when the trial is answered', () => {
    const { breaker } = opened();
    breaker.allows('read', 61_000);
    expect(breaker.succeeded()).toMatchObject({ from: 'halfOpen', to: 'closed' });
    expect(breaker.allows('order', 61_000)).toBe(true);
  });

  it('opens again for the whole time when the trial fails', () => {
    const { breaker } = opened();
    breaker.allows('read', 61_000);
    expect(breaker.failed(62_000, 'still away')).toMatchObject({ from: 'halfOpen', to: 'open' });
    expect(breaker.nextTryMs).toBe(122_000);
  });

  it('closes when an urgent request is answered while it is open', () => {
    const { breaker } = opened();
    breaker.allows('urgent', 2000);
    expect(breaker.succeeded()).toMatchObject({ from: 'open', to: 'closed' });
  });
});
