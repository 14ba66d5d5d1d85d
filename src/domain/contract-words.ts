/** The contract of a future in words, for status, checks and messages. */
import { counted } from './figure-text.js';

interface ContractFacts {
  readonly symbol: string;
  readonly month: string | null;
  readonly lastTradeDay: string | null;
  readonly noticeDay: string | null;
  readonly daysLeft: number | null;
  readonly rollDay: string | null;
  readonly phase: 'trading' | 'due' | 'leaving' | 'ended' | 'rolled';
  readonly next: string | null;
  /** None: it isn't rolled here. */
  readonly choices: readonly string[];
  readonly atVenue: {
    readonly traded: { readonly name: string };
    readonly following: { readonly name: string; readonly month: string } | null;
  } | null;
}

/** `NQ/USD is NQZ6 (202612), last trade 2026-12-18 (24 days); roll day 2026-12-14, then 202703 (NQH7)`. */
export function contractWords(contract: ContractFacts): string {
  const { symbol, month, lastTradeDay, noticeDay, daysLeft, rollDay, next, atVenue } = contract;
  // A broker also lists months that hardly trade.
  const following = atVenue?.following?.month === next ? atVenue?.following?.name : undefined;
  const name = [atVenue?.traded.name, month === null ? 'front month' : month].filter(Boolean);
  const is = name.length === 2 ? `${name[0]} (${name[1]})` : (name[0] ?? 'not known');
  const last = lastTradeDay === null ? '' : `, last trade ${lastTradeDay}${daysWords(daysLeft)}`;
  const notice = noticeDay === null ? '' : `, notice of delivery from ${noticeDay} on`;
  const roll = rollDay === null ? '' : `; roll day ${rollDay}`;
  const then = next === null ? '' : `, then ${next}${following === undefined ? '' : ` (${following})`}`;
  return `${symbol} is ${is}${last}${notice}${roll}${then}${phaseWords(contract)}`;
}

const phaseWords = ({ phase, choices }: ContractFacts): string =>
  phase === 'leaving' && choices.length === 0
    ? ': nothing is entered, and what is held is closed, until the desk file names another month'
    : PHASE_WORDS[phase];

const PHASE_WORDS = {
  trading: '',
  due: ': nothing is entered until people roll it',
  leaving: ': nothing is entered, and what is held is closed, until people roll it',
  ended: ': expired',
  rolled: ': rolled, the trader has to restart',
} as const satisfies Readonly<Record<ContractFacts['phase'], string>>;

function daysWords(daysLeft: number | null): string {
  if (daysLeft === null) return '';
  if (daysLeft <= 0) return ' (past)';
  return ` (${counted(daysLeft, 'day')})`;
}
