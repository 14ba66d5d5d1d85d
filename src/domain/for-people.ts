import { groupedWithin, instantsWithin } from './figure-text.js';
import { moment } from './moment.js';

/** A sentence of ours that was recorded as programs read it, as people do: instants to the minute, amounts with their thousands apart. */
export const forPeople = (text: string): string => groupedWithin(instantsWithin(text, moment));
