/**
 * What people are shown of the trader's status, and in which words: each figure and each note is declared here once. The
 * page (from the API), Telegram's `/status`, `fermata status` and docs/CLI.md follow. Positions, orders, strategies and
 * charts have a design of their own in each place.
 */

import { STOP_GAP_WORDS } from '../domain/exits.js';
import {
  age,
  amountText,
  counted,
  grouped,
  groupedWithin,
  placed,
  signed,
  tone,
} from '../domain/figure-text.js';
import { lacksGoLive } from '../domain/go-live-terms.js';
import { decidingHalt, resumeWords } from '../domain/mode.js';
import { capabilityLines } from '../domain/order-bounds.js';
import { contractWords } from '../domain/sessions/contract-months.js';
import { SIZE_PCT_MAX } from '../domain/settings-change.js';
import type { TraderStatus } from './trader-status.js';

export const FIGURE_TONES = ['go', 'caution', 'alarm', 'gain', 'loss', 'even'] as const;
type Tone = (typeof FIGURE_TONES)[number];

interface Said {
  readonly value: string;
  readonly unit?: string;
  readonly detail?: string;
  readonly tone?: Tone;
}

interface DeclaredFigure {
  readonly title: string;
  /** What it says, for docs/CLI.md. */
  readonly means: string;
  /** Counts only while the trader answers: old ones are not shown as if they still held. */
  readonly isOfNow?: true;
  /** Null: there is nothing to say. */
  readonly say: (status: TraderStatus) => Said | null;
}

const CLOSE_ALL = {
  running: { value: 'running', detail: 'reading back until flat is proven', tone: 'caution' },
  escalated: { value: 'NOT FLAT', detail: 'it could not be finished', tone: 'alarm' },
  flat: { value: 'flat', detail: 'proven by the venue', tone: 'go' },
} as const;

/** In this order. */
const FIGURES = {
  equity: {
    title: 'Equity',
    means: 'what the account is worth at the prices of now',
    say: ({ equity, currency }) => ({ value: grouped(placed(equity, currency)), unit: currency }),
  },
  today: {
    title: 'Today',
    means: 'what of it was won or lost since the day began',
    say: ({ dayPnl, currency }) => {
      const result = placed(dayPnl, currency);
      return { value: signed(result), unit: currency, tone: tone(result) };
    },
  },
  drawdown: {
    title: 'Drawdown',
    means: 'how far equity is below its highest, since people last reset that',
    say: ({ drawdownPct }) => ({ value: `${drawdownPct} %`, detail: 'from the peak' }),
  },
  positions: {
    title: 'Positions',
    means: 'how many are open, and whether each has its stop at the venue',
    say: ({ openPositions, positions }) => {
      const bare = positions.filter(({ protection }) => protection !== 'confirmed').length;
      if (bare > 0) return { value: `${openPositions}`, detail: `${bare} NOT protected`, tone: 'alarm' };
      return { value: `${openPositions}`, detail: positions.length === 0 ? 'flat' : 'all protected' };
    },
  },
  size: {
    title: 'Size',
    means: 'the position size in use, if it is not the full one',
    say: ({ sizePct }) =>
      sizePct === SIZE_PCT_MAX
        ? null
        : { value: `${sizePct} %`, detail: 'of the full position size', tone: 'caution' },
  },
  entries: {
    title: 'Entries resting',
    means: 'entry orders at the venue and entries that wait in the desk; 0 proves a stop',
    say: ({ entriesWorking, openOrders, waitingEntries = [] }) => ({
      value: `${entriesWorking}`,
      detail:
        waitingEntries.length > 0
          ? `${waitingEntries.length} of them in the desk`
          : `of ${counted(openOrders, 'order')}`,
    }),
  },
  fills: {
    title: 'Fills',
    means: 'all that the journal has',
    say: ({ fills }) => ({ value: grouped(`${fills}`), detail: 'since the journal began' }),
  },
  closeAll: {
    title: 'Close-all',
    means: 'how the newest one stands, if there is one',
    say: ({ closeAll }) => (closeAll === 'idle' ? null : CLOSE_ALL[closeAll]),
  },
  reconciliation: {
    title: 'Reconciliation',
    means: 'whether the desk’s books are those of the venue',
    say: ({ reconciliation: { state, differences } }) =>
      (
        ({
          clean: { value: 'clean', detail: 'equals venue', tone: 'go' },
          pending: { value: 'pending', detail: 'comparing', tone: 'caution' },
          differences: {
            value: `${differences.length} found`,
            detail: differences[0]?.symbol ?? '',
            tone: 'alarm',
          },
          failed: { value: 'failed', detail: 'venue did not answer', tone: 'alarm' },
        }) as const
      )[state],
  },
  venue: {
    title: 'Venue',
    means: 'shown if it does not answer, or if its API breaker pauses calls',
    isOfNow: true,
    say: ({ venueBreaker: { state, detail }, venueIsUp }) => {
      if (state !== 'closed') return { value: `API breaker ${state}`, detail, tone: 'alarm' };
      return venueIsUp === false ? { value: 'down', detail: 'it does not answer', tone: 'alarm' } : null;
    },
  },
  prices: {
    title: 'Prices',
    means: 'whether they come in, whose they are, and how old the newest is',
    isOfNow: true,
    say: ({ marketData: { state, label, simulated, lastQuoteAgeMs } }) => ({
      value: state,
      // What may be cut off on the page comes last.
      detail: `${lastQuoteAgeMs === null ? 'no price yet' : `last price ${age(lastQuoteAgeMs)} ago`}, ${simulated ? 'NOT LIVE: ' : ''}${label}`,
      tone: state === 'up' ? 'go' : state === 'down' ? 'alarm' : 'caution',
    }),
  },
} satisfies Readonly<Record<string, DeclaredFigure>>;

/** The part of the page that a note stands in; `own`: the page shows it by a design of its own. */
export const NOTE_PLACES = ['desk', 'positions', 'own'] as const;

interface DeclaredNote {
  readonly title: string | ((status: TraderStatus) => string);
  readonly means: string;
  readonly place: (typeof NOTE_PLACES)[number];
  /** Nobody needs it at night with only a phone. */
  readonly notOnPhone?: true;
  /** One for each thing; empty: there is nothing to say. */
  readonly lines: (status: TraderStatus) => readonly string[];
}

/** Also shown where people say whose coins are. */
export const coinsLines = ({ coins }: Pick<TraderStatus, 'coins'>): readonly string[] =>
  coins.map(({ symbol, nobodys, foreign, toMove }) => {
    const undecided = Number(nobodys) > 0 ? `; say whose: fermata coins ${symbol} desk|foreign|move` : '';
    return `${symbol} nobody's ${grouped(nobodys)}, foreign ${grouped(foreign)}, to be moved ${grouped(toMove)}${undecided}`;
  });

/** In this order. */
const NOTES = {
  halts: {
    title: 'Halted',
    means: 'each halt, by whom, and when the desk trades again',
    place: 'desk',
    lines: ({ halts, goLive }) => {
      const deciding = decidingHalt(halts);
      // Until the strictest is lifted, none of the others' rules lets the desk trade.
      return halts.map((halt) => {
        const again =
          halt === deciding ? `; trades again ${resumeWords(halt.resume, lacksGoLive(goLive))}` : '';
        return `${halt.cause} by ${halt.by}${again}`;
      });
    },
  },
  waiting: {
    // With an open position the desk is trading: this says what holds the next entry back.
    title: ({ mode, positions }) =>
      mode === 'ACTIVE' && positions.length > 0 ? 'Waiting for' : 'Not trading because',
    means: 'everything that holds an entry back, and what it waits for',
    place: 'own',
    lines: ({ notTrading }) =>
      notTrading.map(({ subject, reason, waitsFor }) => `${subject}: ${reason} (${waitsFor})`),
  },
  waitingEntries: {
    title: 'Entries that wait in the desk',
    means: 'not at the venue yet; the id in brackets cancels one',
    place: 'own',
    notOnPhone: true,
    lines: ({ waitingEntries = [] }) =>
      waitingEntries.map(
        ({ clientId, symbol, waits, stop, strategy }) =>
          `${symbol} ${groupedWithin(waits)}; stop ${grouped(stop)} (${strategy}, ${clientId})`,
      ),
  },
  stopGaps: {
    title: 'Without a stop so far',
    means: 'how long positions were without a protective stop, by cause',
    place: 'positions',
    notOnPhone: true,
    lines: ({ stopGaps }) =>
      stopGaps.map(
        ({ why, count, longestMs, newestMs, symbol }) =>
          `${STOP_GAP_WORDS[why]}: ${counted(count, 'time')}, longest ${grouped(`${longestMs}`)} ms (${symbol}), last ${grouped(`${newestMs}`)} ms`,
      ),
  },
  coins: {
    title: 'Coins that are not the desk’s',
    means: 'of the account; nothing is armed while some are nobody’s',
    place: 'positions',
    lines: coinsLines,
  },
  dust: {
    title: 'Dust',
    means: 'too small to sell alone: sold with the next position',
    place: 'positions',
    notOnPhone: true,
    lines: ({ dust, currency }) =>
      dust.map(
        ({ symbol, quantity, value }) =>
          `${symbol} ${grouped(quantity)}, worth ${grouped(value)} ${currency}`,
      ),
  },
  heldBack: {
    title: 'Quotes held back as implausible',
    means: 'not used until others agree, or they have lasted',
    place: 'desk',
    lines: ({ marketData: { heldBack } }) =>
      heldBack.map(
        ({ symbol, bid, ask, because, forMs }) =>
          `${symbol} ${grouped(bid)} / ${grouped(ask)} for ${grouped(`${forMs}`)} ms: ${because}`,
      ),
  },
  contracts: {
    title: 'Contracts',
    means: 'what each future stands for, and until when',
    place: 'desk',
    lines: ({ contracts = [] }) => contracts.map(contractWords),
  },
  books: {
    title: 'Open in the books',
    means: 'cash that nobody has explained, and fees that nobody can value yet',
    place: 'desk',
    lines: ({ books: { cashUnexplained, unvaluedFees }, currency }) => [
      ...(cashUnexplained === null
        ? []
        : [`the venue has ${signed(cashUnexplained)} ${currency} of cash that nobody has explained`]),
      ...unvaluedFees.map(
        ({ asset, amount }) => `a fee of ${amountText(amount, null)} ${asset} has no value yet`,
      ),
    ],
  },
  settings: {
    title: 'Changed while it ran',
    means: 'settings that are not those of the desk file',
    place: 'desk',
    notOnPhone: true,
    lines: ({ settings: { changed } }) => Object.entries(changed).map(([key, value]) => `${key} is ${value}`),
  },
  setAside: {
    title: 'Paper accounts set aside',
    means: 'until their prices are back',
    place: 'desk',
    notOnPhone: true,
    lines: ({ account: { resting } }) => resting,
  },
  capabilities: {
    title: 'What the venue takes',
    means: 'by instrument: what it refuses, and what the desk does in its place',
    place: 'desk',
    notOnPhone: true,
    lines: ({ capabilities = [] }) => capabilityLines(capabilities),
  },
} satisfies Readonly<Record<string, DeclaredNote>>;

export interface StatusFigure extends Said {
  readonly key: string;
  readonly title: string;
  readonly isOfNow: boolean;
}

export interface StatusNote {
  readonly key: string;
  readonly title: string;
  readonly place: DeclaredNote['place'];
  readonly isOnPhone: boolean;
  readonly lines: readonly string[];
}

export const figuresOf = (status: TraderStatus): readonly StatusFigure[] =>
  Object.entries<DeclaredFigure>(FIGURES).flatMap(([key, { title, isOfNow = false, say }]) => {
    const said = say(status);
    return said === null ? [] : [{ key, title, isOfNow, ...said }];
  });

/** Those that have something to say. */
export const notesOf = (status: TraderStatus): readonly StatusNote[] =>
  Object.entries<DeclaredNote>(NOTES).flatMap(([key, { title, place, notOnPhone, lines }]) => {
    const said = lines(status);
    const shown = typeof title === 'string' ? title : title(status);
    return said.length === 0
      ? []
      : [{ key, title: shown, place, isOnPhone: notOnPhone !== true, lines: said }];
  });

/** `10 000.00 USDT`, `0.00 %, from the peak`. */
export const figureText = ({ value, unit, detail }: Said): string =>
  [[value, unit].filter(Boolean).join(' '), detail].filter(Boolean).join(', ');

/** For docs/CLI.md. */
export function statusTable(): string {
  const figures = Object.values<DeclaredFigure>(FIGURES).map(({ title, means }) => [
    title,
    means,
    'key figures',
    'yes',
  ]);
  const notes = Object.values<DeclaredNote>(NOTES).map(({ title, means, place, notOnPhone }) => [
    typeof title === 'string' ? title : `${title(TRADES)} / ${title(WAITS)}`,
    means,
    { desk: 'Worth knowing', positions: 'Positions', own: 'a panel of its own' }[place],
    notOnPhone ? 'no' : 'yes',
  ]);
  return [
    '| in `fermata status` | what it says | on the page | in `/status` |',
    '| --- | --- | --- | --- |',
    ...[...figures, ...notes].map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

const TRADES = { mode: 'ACTIVE', positions: [{}] } as unknown as TraderStatus;
const WAITS = { mode: 'HALTED', positions: [] } as unknown as TraderStatus;
