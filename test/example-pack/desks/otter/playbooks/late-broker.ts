import { playbook } from 'fermata/pack';
import { z } from 'zod';

export default playbook({
  title: 'The broker is late',
  severity: 'medium',
  parameters: z.object({ waitMinutes: z.number().positive().default(60) }),
  run: async (incident, { waitMinutes }) => {
    const called = await incident.task({
      title: 'The broker was called',
      text: 'Call the broker',
      waitMinutes,
    });
    return called.verdict === 'pass' ? `called by ${called.person}` : 'nobody called the broker';
  },
});
