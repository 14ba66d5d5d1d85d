/** The price of an order in words, to follow what is bought or sold. */
import { isBounded, type OrderIntent, shownTicks, type Waited } from './order.js';

/** The code of an order that was never sent: the venue certainly has no such order. */
export const NOT_SENT = 'NOT_SENT';

/** How the reason begins why a strategy that has not seen enough bars does not trade. */
export const WARMING_UP = 'warming up';

/** What is said for a strategy that does not say itself why it does not enter. */
export const NO_SIGNAL = 'no entry signal';

/** What the refusal of an order says where it never left. Null: the venue itself refused it. */
export function whyNotSent(reason: string): string | null {
  return reason.startsWith(NOT_SENT) ? reason.replace(/^NOT_SENT:? ?(Not sent: )?/, '') : null;
}

type Words = Pick<OrderIntent, 'type' | 'limitTicks' | 'stopTicks'> &
  Partial<Pick<OrderIntent, 'timeInForce' | 'postOnly'>>;

/**
 * ` at 100.00`, ` at 100.00, post-only`, ` at the market, 101.00 at worst` or `, triggers at 100.00, 101.00 at worst`.
 * Empty for a plain market order.
 */
export function priceWords(order: Words, format: (ticks: number) => string): string {
  const ticks = shownTicks(order);
  if (ticks === null) return '';
  if (!isBounded(order)) return ` at ${format(ticks)}${termsWords(order)}`;
  const worst = `${format(order.limitTicks ?? ticks)} at worst`;
  return order.type === 'stop' ? `, triggers at ${format(ticks)}, ${worst}` : ` at the market, ${worst}`;
}

/**
 * What an entry is waiting for in the core: `buy, once the ask is at 99.50 or below`, `buy, once the ask has
 * risen by 5.00 from its lowest, 95.00`, `sell, at the open`, `buy, before the close`, `sell, once its trade
 * is closed`, `buy, once the order that it changes is off the book`.
 */
export function waitingWords(
  {
    side,
    type,
    touchTicks,
    trail,
  }: Pick<OrderIntent, 'side'> & {
    readonly type: Waited;
    readonly touchTicks: number | null;
    readonly trail?: { readonly ticks: number; readonly bestTicks: number };
  },
  format: (ticks: number) => string,
): string {
  if (type === 'change') return `${side}, once the order that it changes is off the book`;
  if (type === 'reversal') return `${side}, once its trade is closed`;
  if (trail !== undefined) {
    const by = format(trail.ticks);
    const turned =
      side === 'buy'
        ? `the ask has risen by ${by} from its lowest`
        : `the bid has come down by ${by} from its highest`;
    return `${side}, once ${turned}, ${format(trail.bestTicks)}`;
  }
  if (type === 'atOpen') return `${side}, at the open`;
  if (type === 'atClose' || touchTicks === null) return `${side}, before the close`;
  const touched = side === 'buy' ? 'the ask is at %s or below' : 'the bid is at %s or above';
  return `${side}, once ${touched.replace('%s', format(touchTicks))}`;
}

/** Empty for an order that rests and may also be filled at once. */
function termsWords({ postOnly, timeInForce }: Words): string {
  if (postOnly === true) return ', post-only';
  if (timeInForce === 'FOK') return ', all of it at once or nothing';
  return timeInForce === 'IOC' ? ', at once or not at all' : '';
}

const STOP_ENDED = ': the venue has ended the protective stop, and nobody here cancelled it';

/** The line about a stop that the venue, or a person at its own screen, has ended. `next`: what the desk does. */
export const stopEndedNote = (symbol: string, next: string): string => `${symbol}${STOP_ENDED}; ${next}`;

export const isStopEndedNote = (text: string): boolean => text.includes(STOP_ENDED);
