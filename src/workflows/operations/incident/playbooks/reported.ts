/** Reported by a person, a program or a failed step: what it takes is a person's to say. */
import type { Playbook } from './playbook.js';

export const reported: Playbook = (incident) =>
  incident.watch('waiting for a person to declare it over', async () => null);
