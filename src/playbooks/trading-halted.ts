/**
 * Part of the desk halted trading. The reason is recorded; the incident is over when the desk trades again, that halt
 * has ended, or, after a close-all that missed its deadline, nothing is open any more.
 */
import type { IncidentFacts } from '../contracts/engine-activities.js';
import type { HaltCause } from '../domain/mode.js';
import { askTrader, playbook } from './playbook.js';

const WHY = { name: 'Why trading stopped', kind: 'report', expected: 'a desk that trades' } as const;

/** A person's own halts, and those of an orderly start or end. */
const NO_INCIDENT: ReadonlySet<HaltCause> = new Set<HaltCause>([
  'startup',
  'shutdown',
  'person',
  'kill',
  'recording-ended',
]);

export const tradingHalted = playbook({
  severity: 'high',
  isInEveryHash: true,
  meaning: 'Trading was halted by a part of the desk.',
  keys: () => ({}),
  runbook: [
    'Why trading stopped.',
    'Over when the desk trades again; after an unfinished close-all, when it is proven flat.',
  ],
  openedByHalt: ({ cause, haltId, reason }) =>
    NO_INCIDENT.has(cause)
      ? []
      : [{ subject: cause, key: `halt:${haltId}`, title: `Trading halted: ${cause}`, detail: reason }],
  run: async (incident) => {
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
      const mine = facts.halts.find(({ cause }) => cause === incident.input.subject);
      if (mine === undefined) return `that halt has ended; the desk is ${facts.mode}: ${facts.reason}`;
      const isClosed = mine.cause === 'close-all-incomplete' && !isClosing(facts);
      return isClosed ? `the desk stays ${facts.mode}, and ${mine.reason}` : null;
    });
  },
});

/** Facts of an earlier worker don't say that a close-all has ended. */
const isClosing = ({ closeAll = 'escalated' }: IncidentFacts): boolean =>
  closeAll === 'running' || closeAll === 'escalated';
