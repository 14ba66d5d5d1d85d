import { CLOCK, day, groupedWithin, instantsWithin, minuteOfDay } from '../format.js';

/** Text of ours with commands in backticks, shown as commands. */
export function Words({ text }: { readonly text: string }) {
  const parts = text.split('`');
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Text of ours with instants and amounts in it, as the page shows them. */
export const readable = (text: string): string => groupedWithin(instantsWithin(text, dayMinuteClock));

const dayMinuteClock = (ms: number): string => `${day(ms)} ${minuteOfDay(ms)} ${CLOCK}`;
