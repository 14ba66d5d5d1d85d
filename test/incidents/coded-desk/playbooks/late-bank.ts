/** The bank is late: where the database answers a person calls it, and says what they heard; else the desk halts. */
import { type PlaybookIncident, playbook } from 'fermata/pack';
import { z } from 'zod';

export default playbook({
  title: 'The bank is late',
  severity: 'high',
  trigger: { order: 'rejected' },
  parameters: z.object({
    waitMinutes: z.number().positive().default(60),
    flatten: z.boolean().default(false),
  }),
  run: async (incident, { waitMinutes, flatten }) => {
    await haltWithout(incident, 'database');
    const called = await incident.task({
      title: 'The bank was called',
      text: 'Call the bank, and ask when the money comes.',
      waitMinutes,
    });
    if (called.verdict !== 'pass') throw new Error(`nobody called the bank: ${called.observed}`);
    if (flatten) {
      const { agreed, person } = await incident.agree({
        title: 'Trade no more today',
        terms: { until: 'tomorrow' },
      });
      if (agreed) await incident.stop(`${person} agreed to trade no more today`);
    }
    await incident.record('What the bank said', {
      verdict: 'pass',
      observed: called.observed,
      expected: 'a date',
    });
    return `the bank was called by ${called.person}`;
  },
});

async function haltWithout(incident: PlaybookIncident, check: string): Promise<void> {
  const { verdict, observed } = await incident.check(check);
  if (verdict !== 'fail') return;
  await incident.halt(`${check}: ${observed}`);
  await incident.tell(`The desk has halted, since the check ${check} failed.`);
}
