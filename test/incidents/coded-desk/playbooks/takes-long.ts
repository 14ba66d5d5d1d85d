/** Asks people something that they have a week for. */
import { playbook } from 'fermata/pack';
import { z } from 'zod';

export default playbook({
  title: 'It takes long',
  parameters: z.object({}),
  run: async (incident) => {
    const { says } = await incident.agree({ title: 'Trade on without the bank', minutes: 10_080 });
    return says;
  },
});
