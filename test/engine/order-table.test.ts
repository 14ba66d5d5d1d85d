import { describe, expect, it } from 'vitest';
import { FINAL_ORDER_STATES, type SentState } from '../../src/domain/order.js';
import { ORDER_TABLE, type OrderEvent, orderTransition } from '../../src/engine/orders/order-table.js';

const EVENTS: readonly OrderEvent[] = [
  'accepted',
  'rejected',
  'unanswered',
  'foundAbsent',
  'cancelRequested',
  'cancelled',
  'cancelRefused',
  'expired',
  'partialFill',
  'completingFill',
];

/** `-`: ignored, `!`: illegal; otherwise the next state. Columns as in EVENTS. */
const EXPECTED: Readonly<Record<SentState, string>> = {
  intended: 'working rejected unknown absent cancelling cancelled - expired partlyFilled filled',
  unknown: 'working rejected - absent cancelling cancelled - expired partlyFilled filled',
  working: '- rejected - ! cancelling cancelled - expired partlyFilled filled',
  partlyFilled: '- ! - ! cancelling cancelled - expired partlyFilled filled',
  cancelling: '- rejected - absent - cancelled unknown expired cancelling filled',
  filled: '- ! - ! - - - - ! !',
  cancelled: '- - - - - - - - cancelled filled',
  rejected: '! - - - - - - - ! !',
  expired: '- - - - - - - - expired filled',
  absent: 'working rejected - - - cancelled - expired partlyFilled filled',
};

describe('the order table', () => {
  for (const [state, row] of Object.entries(EXPECTED) as [SentState, string][]) {
    row.split(' ').forEach((cell, column) => {
      const event = EVENTS[column]!;
      const next = cell === '-' ? 'ignored' : cell === '!' ? 'illegal' : cell;
      it(`${state} and ${event}: ${next}`, () => {
        expect(orderTransition(state, event)).toBe(next);
      });
    });
  }

  it('has no state or event that is not tested here', () => {
    expect(Object.keys(ORDER_TABLE).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const row of Object.values(ORDER_TABLE)) expect(Object.keys(row).sort()).toEqual([...EVENTS].sort());
  });

  it('has no state that nothing reaches: each comes of an order that was intended', () => {
    const reached = new Set<SentState>(['intended']);
    for (const state of reached) {
      for (const next of Object.values(ORDER_TABLE[state]))
        if (next !== 'ignored' && next !== 'illegal') reached.add(next);
    }
    expect([...reached].sort()).toEqual(Object.keys(ORDER_TABLE).sort());
  });

  it('lets no final state but absent become open again', () => {
    for (const state of FINAL_ORDER_STATES) {
      if (state === 'absent' || state === 'denied') continue;
      for (const event of EVENTS) {
        const next = orderTransition(state, event);
        const stays = next === 'ignored' || next === 'illegal' || FINAL_ORDER_STATES.has(next);
        expect(stays, `${state} and ${event}`).toBe(true);
      }
    }
  });
});
