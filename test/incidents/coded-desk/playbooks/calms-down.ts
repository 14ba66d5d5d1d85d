/** Asks people to close everything, and needs it no more once one of them has seen that prices are calm. */
import { playbook } from 'fermata/pack';
import { z } from 'zod';

export default playbook({
  title: 'Prices are odd',
  parameters: z.object({}),
  run: async (incident) => {
    const calm = incident.task({ title: 'Prices are calm', text: 'Look at the prices.', waitMinutes: 60 });
    const { observed } = await Promise.race([incident.closeAll('Prices are odd'), calm]);
    return observed;
  },
});
