import { MINUTE_MS } from './civil-date.js';
import { groupedWithin, instantsWithin } from './figure-text.js';

/** A moment for people: `2026-11-20 19:01 UTC`. The evidence has the milliseconds. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** The same to the second, where messages follow each other. */
export const momentToSecond = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The same for narrow places where the year is known: `11-20 19:01`, in UTC. */
export const shortMoment = (ms: number): string => new Date(ms).toISOString().slice(5, 16).replace('T', ' ');

/** Why a decision is refused as past by the clock of a run, which is Temporal’s: one made just now is past where clocks differ. */
export const pastForTemporal = (expiresMs: number, temporalMs: number): string =>
  `the decision has expired: it counts until ${moment(expiresMs)}, and Temporal’s clock says ${moment(temporalMs)}. If it ` +
  'was made just now, this machine’s clock and Temporal’s differ: set them right, then decide again';

const AHEAD_MAX_MS = 5 * MINUTE_MS;

/** Dated by a wrong clock, or the clock is wrong now: nobody knows how long ago it was. */
export const isDatedAhead = (ms: number, nowMs: number): boolean => ms - nowMs > AHEAD_MAX_MS;

/** A moment for programs: ISO 8601 in UTC, to the millisecond. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** Turns a recorded sentence into one for people: instants to the minute, thousands separated. */
export const forPeople = (text: string): string => groupedWithin(instantsWithin(text, moment));
