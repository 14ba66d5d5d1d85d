/** A part of the desk halted trading. The reason is recorded; the incident is over when the desk trades again. */
import { askTrader } from './ask-trader.js';
import type { Playbook } from './playbook.js';

const WHY = { name: 'Why trading stopped', kind: 'report', expected: 'a desk that trades' } as const;

export const tradingHalted: Playbook = async (incident) => {
  await incident.once('why', () =>
    askTrader(incident, WHY, ({ halts }) => ({
      verdict: 'warn',
      observed:
        halts.map(({ cause, by, reason }) => `${cause} (${by}): ${reason}`).join('; ') || 'it trades again',
    })),
  );
  return incident.watch('waiting for the desk to trade again', async () => {
    const facts = await incident.facts();
    if (facts === null) return null;
    if (facts.mode === 'ACTIVE') return 'the desk trades again';
    const mine = facts.halts.some(({ cause }) => cause === incident.input.subject);
    return mine ? null : `that halt has ended; the desk is ${facts.mode}: ${facts.reason}`;
  });
};
