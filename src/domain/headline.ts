/** The first thing shown about a desk: what it may do, and whether it can. */
import type { Mode } from './mode.js';

export const HEADLINE_TONES = ['go', 'caution', 'alarm'] as const;

export interface Headline {
  readonly tone: (typeof HEADLINE_TONES)[number];
  readonly text: string;
  readonly detail: string;
}

export interface HeadlineSubject {
  readonly mode: Mode;
  readonly reason: string;
  readonly strategies: readonly { readonly enabled: boolean }[];
  readonly marketData: { readonly state: 'up' | 'down' | 'waiting' };
}

const TONES = { ACTIVE: 'go', REDUCING: 'caution', HALTED: 'alarm', KILLED: 'alarm' } as const;

/** ACTIVE is shown only for a desk that would enter if there were a reason to. */
export function headline({ mode, reason, strategies, marketData }: HeadlineSubject): Headline {
  const but = (text: string, detail: string): Headline => ({
    tone: 'caution',
    text: `${mode}, but ${text}`,
    detail,
  });
  if (mode === 'ACTIVE' && strategies.length > 0 && strategies.every(({ enabled }) => !enabled))
    return but('every strategy is off', 'nothing is entered until one is switched on');
  if (mode === 'ACTIVE' && marketData.state === 'down')
    return but('no prices come in', 'nothing is entered until they are back');
  return { tone: TONES[mode], text: mode, detail: reason };
}

export const headlineLine = (subject: HeadlineSubject): string => {
  const { text, detail } = headline(subject);
  return `${text}: ${detail}`;
};

const PRICES = { live: 'Live prices', recorded: 'Recorded', simulated: 'Simulated' } as const;

/** Recorded prices are not called simulated: they were real once. */
export const pricesWord = (kind: keyof typeof PRICES): string => PRICES[kind];
