/** Times are in milliseconds unless the client asks for microseconds. */
import { Refusal } from './refusal.js';

/** Milliseconds of the years 2001 to 2096: no other number in an answer is that large. */
const TIME_MIN = 1_000_000_000_000;
const TIME_MAX = 4_000_000_000_000;

export function readTimeUnit(text: string | null | undefined): boolean {
  if (text === undefined || text === null || /^(MILLISECOND|millisecond)$/.test(text)) return false;
  if (/^(MICROSECOND|microsecond)$/.test(text)) return true;
  throw new Refusal(-1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.');
}

/** The same answer with every time in microseconds. */
export function inMicroseconds(answer: unknown): unknown {
  if (typeof answer === 'number')
    return Number.isInteger(answer) && answer >= TIME_MIN && answer < TIME_MAX ? answer * 1000 : answer;
  if (Array.isArray(answer)) return answer.map(inMicroseconds);
  if (answer === null || typeof answer !== 'object') return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, inMicroseconds(value)]));
}
