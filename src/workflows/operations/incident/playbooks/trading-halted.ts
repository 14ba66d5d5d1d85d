/** A part of the desk halted trading. Why is kept; it is over when the desk trades again. */
import type { Playbook } from './playbook.js';

export const tradingHalted: Playbook = async (incident) => {
  await incident.once('why', async () => {
    const facts = await incident.facts();
    return {
      name: 'Why trading stopped',
      kind: 'report',
      verdict: facts === null ? 'not_run' : 'warn',
      observed:
        facts?.halts.map(({ cause, by, reason }) => `${cause} (${by}): ${reason}`).join('; ') ||
        'the trader does not answer, or trades again',
      expected: 'a desk that trades',
    };
  });
  return incident.watch('waiting for the desk to trade again', async () => {
    const facts = await incident.facts();
    if (facts === null) return null;
    if (facts.mode === 'ACTIVE') return 'the desk trades again';
    const mine = facts.halts.some(({ cause }) => cause === incident.input.subject);
    return mine ? null : `that halt has ended; the desk is ${facts.mode}: ${facts.reason}`;
  });
};
