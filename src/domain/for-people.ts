import { groupedWithin, instantsWithin } from './figure-text.js';
import { moment } from './moment.js';

/** Turns a recorded sentence into one for people: instants to the minute, thousands separated. */
export const forPeople = (text: string): string => groupedWithin(instantsWithin(text, moment));
