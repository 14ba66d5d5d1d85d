/** The button "I have it" below an incident. */
import { parseAcknowledgeButton } from '../../notify/incident-notice.js';
import { answer } from '../answer.js';
import type { TapHandler } from './tap.js';

const NOTE_LENGTH_MAX = 190;

export const acknowledgeTap: TapHandler = {
  prefix: 'i',
  run: async (context, person, tap) => {
    const incident = parseAcknowledgeButton(tap.data);
    if (incident === null) {
      await tap.note('This button is not known here.');
      return;
    }
    const result = await context.operations.acknowledgeIncident(
      { person: person.name, via: 'telegram' },
      { incident, note: '' },
    );
    await tap.note(`${result.ok ? '✅' : '❌'} ${result.detail}`.slice(0, NOTE_LENGTH_MAX));
    if (!result.ok) await answer(context, tap.chatId, `${person.name}: ${result.detail}`);
  },
};
