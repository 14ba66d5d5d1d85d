import { groupedWithin } from './figure-text.js';
import { moment } from './moment.js';

/** By itself: one that is part of a run's id or an address is none. */
const INSTANT = /(^|[\s(])(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)(?![\w/])/g;

/** A sentence of ours that was recorded as programs read it, as people do: instants to the minute, amounts with their thousands apart. */
export function forPeople(text: string): string {
  return groupedWithin(
    text.replace(INSTANT, (_, before: string, instant: string) => before + moment(Date.parse(instant))),
  );
}
