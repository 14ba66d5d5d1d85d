import type { TraderStatus } from '../api/shapes.js';
import { CLOCK, day, groupedWithin, instantsWithin, minuteOfDay } from '../format.js';
import { withCommands } from '../typed.js';

/** Shows our own text: commands as they are typed here, and text in backticks as code. */
export function Words({ text }: { readonly text: string }) {
  const parts = withCommands(text).split('`');
  return <>{parts.map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Our own text, with times and amounts in the page's format, and commands as they are typed here. */
export const readable = (text: string): string =>
  withCommands(groupedWithin(instantsWithin(text, dayMinuteClock)));

/** What a strategy waits for. Its own text says when it enters next, even while it is off. */
export const strategyNow = ({ enabled, state }: TraderStatus['strategies'][number]): string =>
  enabled ? sentence(readable(state)) : 'Off: enters nothing until it is switched on';

const dayMinuteClock = (ms: number): string => `${day(ms)} ${minuteOfDay(ms)} ${CLOCK}`;
