/** Carries a sign-in from the dashboard to the port of Temporal's UI: a ticket for 30 s, then a session there. */
import { createHash, randomBytes } from 'node:crypto';

const TICKET_LIFETIME_MS = 30_000;
const SESSION_LIFETIME_MS = 12 * 3600 * 1000;
/** Limit for each sign-in; the next one ends the oldest. */
const KEPT_MAX = 10;

interface Kept {
  readonly family: string;
  readonly expiresMs: number;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export class TemporalTickets {
  readonly #tickets = new Map<string, Kept>();
  readonly #sessions = new Map<string, Kept>();

  constructor(private readonly nowMs: () => number) {}

  /** Issues a ticket for a sign-in (`family`), with whose end everything from the ticket ends. */
  issue(family: string): string {
    return keep(this.#tickets, { family, expiresMs: this.nowMs() + TICKET_LIFETIME_MS });
  }

  /** Exchanges a ticket, once, for the secret of a session; null if the ticket is unknown, used or expired. */
  redeem(ticket: string): string | null {
    const key = digest(ticket);
    const found = this.#tickets.get(key);
    this.#tickets.delete(key);
    if (found === undefined || found.expiresMs <= this.nowMs()) return null;
    return keep(this.#sessions, { family: found.family, expiresMs: this.nowMs() + SESSION_LIFETIME_MS });
  }

  /** The sign-in that a session's secret belongs to, or null. */
  familyOf(secret: string): string | null {
    const found = this.#sessions.get(digest(secret));
    return found !== undefined && found.expiresMs > this.nowMs() ? found.family : null;
  }
}

function keep(into: Map<string, Kept>, kept: Kept): string {
  const secret = randomBytes(32).toString('base64url');
  const own = [...into].filter(([, { family }]) => family === kept.family).map(([key]) => key);
  for (const key of own.slice(0, Math.max(0, own.length + 1 - KEPT_MAX))) into.delete(key);
  into.set(digest(secret), kept);
  return secret;
}
