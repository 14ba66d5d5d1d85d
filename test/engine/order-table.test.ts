import { describe, expect, it } from 'vitest';
import { FINAL_ORDER_STATES, type SentState } from '../../src/domain/order.js';
import {
  ORDER_TABLE,
  type OrderEffect,
  type OrderEvent,
  type OrderStep,
  orderStep,
} from '../../src/engine/orders/order-table.js';

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

/** `-`: ignored, `!`: illegal; otherwise the next state; behind it, by `+`, what it causes. Columns as in EVENTS. */
const EXPECTED: Readonly<Record<SentState, string>> = {
  intended:
    'working rejected+end+pause unknown+ask absent+end+pause cancelling+cancel cancelled+end+pause - expired+end+pause partlyFilled filled+end',
  unknown:
    'working rejected+end+pause - absent+end+pause cancelling+cancel cancelled+end+pause - expired+end+pause partlyFilled filled+end',
  working:
    '- rejected+end+pause - !+tell cancelling+cancel cancelled+end+pause - expired+end+pause partlyFilled filled+end',
  partlyFilled:
    '- !+tell - !+tell cancelling+cancel cancelled+end+pause - expired+end+pause partlyFilled filled+end',
  cancelling:
    '- rejected+end+pause - absent+end+pause - cancelled+end+pause unknown+ask expired+end+pause cancelling filled+end',
  filled: '- !+tell - !+tell - - - - !+end+tell !+end+tell',
  cancelled: '- - - - - - - - cancelled+end filled+end',
  rejected: '!+tell - - - - - - - !+end+tell !+end+tell',
  expired: '- - - - - - - - expired+end filled+end',
  absent: 'working+rest rejected+end - - - cancelled+end - expired+end partlyFilled+rest filled+end',
};

const NEXT: Readonly<Record<string, string>> = { '-': 'ignored', '!': 'illegal' };
const EFFECTS: Readonly<Record<string, OrderEffect>> = {
  ask: 'lookUp',
  cancel: 'sendCancel',
  end: 'endWatch',
  pause: 'pauseNext',
  rest: 'restNoLonger',
  tell: 'contradict',
};

describe('the order table', () => {
  for (const [state, row] of Object.entries(EXPECTED) as [SentState, string][]) {
    row.split(' ').forEach((cell, column) => {
      const event = EVENTS[column]!;
      const [next = '', ...causes] = cell.split('+');
      const step = { to: NEXT[next] ?? next, effects: causes.map((cause) => EFFECTS[cause]) };
      it(`${state} and ${event}: ${[step.to, ...step.effects].join(', ')}`, () => {
        expect(orderStep(state, event)).toEqual(step);
      });
    });
  }

  it('ends what is awaited of an order with the order, and of no other', () => {
    for (const [state, row] of Object.entries(ORDER_TABLE) as [SentState, Record<OrderEvent, OrderStep>][]) {
      for (const [event, { to, effects }] of Object.entries(row)) {
        const after = to === 'illegal' || to === 'ignored' ? state : to;
        if (to !== 'ignored' && effects.includes('endWatch'))
          expect(FINAL_ORDER_STATES.has(after), `${state} and ${event}`).toBe(true);
        else if (to !== 'ignored' && to !== 'illegal')
          expect(FINAL_ORDER_STATES.has(after), `${state} and ${event}`).toBe(false);
      }
    }
  });

  it('has no state or event that is not tested here', () => {
    expect(Object.keys(ORDER_TABLE).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const row of Object.values(ORDER_TABLE)) expect(Object.keys(row).sort()).toEqual([...EVENTS].sort());
  });

  it('has no state that nothing reaches: each comes of an order that was intended', () => {
    const reached = new Set<SentState>(['intended']);
    for (const state of reached) {
      for (const { to: next } of Object.values(ORDER_TABLE[state]))
        if (next !== 'ignored' && next !== 'illegal') reached.add(next);
    }
    expect([...reached].sort()).toEqual(Object.keys(ORDER_TABLE).sort());
  });

  it('lets no final state but absent become open again', () => {
    for (const state of FINAL_ORDER_STATES) {
      if (state === 'absent' || state === 'denied') continue;
      for (const event of EVENTS) {
        const { to: next } = orderStep(state, event);
        const stays = next === 'ignored' || next === 'illegal' || FINAL_ORDER_STATES.has(next);
        expect(stays, `${state} and ${event}`).toBe(true);
      }
    }
  });
});
