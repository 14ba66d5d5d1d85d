import { MINUTE_MS } from '../../domain/civil-date.js';

/** How long a command waited while nobody listened; null if it came at once. */
export function sentAgo(sentMs: number, nowMs: number): string | null {
  const minutes = Math.floor((nowMs - sentMs) / MINUTE_MS);
  if (minutes < 1) return null;
  return `sent ${minutes === 1 ? 'a minute' : `${minutes} minutes`} ago`;
}
