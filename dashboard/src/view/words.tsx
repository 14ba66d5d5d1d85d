import { CLOCK, day, groupedWithin, minuteOfDay } from '../format.js';

/** Text of ours with commands in backticks, shown as commands. */
export function Words({ text }: { readonly text: string }) {
  const parts = text.split('`');
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text of ours with instants and amounts in it, as the page shows them. */
export function readable(text: string): string {
  return groupedWithin(
    text.replace(
      INSTANT,
      (_, before: string, instant: string) => before + dayMinuteClock(Date.parse(instant)),
    ),
  );
}

const dayMinuteClock = (ms: number): string => `${day(ms)} ${minuteOfDay(ms)} ${CLOCK}`;

/** As in `src/domain/for-people.ts`: one that is part of a run's id is none. */
const INSTANT = /(^|[\s(])(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)(?![\w/])/g;
