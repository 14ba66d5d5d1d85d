/** Asks for what no desk file may say: a restore of a desk that trades, and more text than a step takes. */
import { playbook } from 'fermata/pack';
import { z } from 'zod';

export default playbook({
  title: 'Too much is asked for',
  parameters: z.object({}),
  run: async (incident) => {
    await incident.action('restore-database');
    const asked = await incident.check('database', { with: { text: 'x'.repeat(1_001) } });
    return asked.observed;
  },
});
