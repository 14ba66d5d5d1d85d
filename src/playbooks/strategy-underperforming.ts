/**
 * A strategy switched itself off after losses in a row, or keeps losing. Its statistics and the regime of its markets
 * are recorded; the trader reviews it after the desk file's hours; a person can switch it on or off.
 */
import type { IncidentFacts } from '../contracts/engine-activities.js';
import type { StrategyStatus, TraderStatus } from '../contracts/trader-status.js';
import { placed, placesIn } from '../domain/figure-text.js';
import { iso } from '../domain/moment.js';
import {
  type KeyWords,
  type OpenIncident,
  type Opening,
  playbook,
  type SettingsOf,
  SILENT,
  switchOff,
} from './playbook.js';

/** Step key: when the trader reviews the strategy next. */
const REVIEW_DUE = 'review-due';

const keys = ({ z, percent }: KeyWords) => ({
  losingTrades: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(20)
    .describe('Closed trades needed to judge it.'),
  losingWinRatePct: percent
    .default(30)
    .describe('A win rate below this, percent, with a loss overall, means that it keeps losing.'),
});

type Settings = SettingsOf<typeof keys>;

export const strategyUnderperforming = playbook({
  severity: 'medium',
  isInEveryHash: true,
  meaning: 'A strategy was switched off automatically, or keeps losing.',
  keys,
  runbook: [
    'Its statistics.',
    'Has the regime of its markets changed: ranging or trending?',
    'It is switched off by itself after so many losses in a row.',
    'It is looked at again after so many hours.',
    'A person may switch it off: by this incident’s offer, or on the dashboard.',
  ],
  openedByTrader,
  run: async (incident, settings) => {
    await incident.once('statistics', () => statistics(incident));
    await incident.once('regime', () => regime(incident));
    const began = await incident.once('state', () => state(incident));
    const offered = incident.offer(off);
    const outcome = await incident.watch('waiting for the strategy to be looked at again', async () => {
      const mine = await slotsOf(incident);
      await recordReview(incident, mine);
      return mine.length === 0 ? null : howItEnded(settings, mine, began.startsWith('off'));
    });
    incident.approvals.withdraw(outcome);
    await offered;
    return outcome;
  },
});

function openedByTrader({ strategies, incarnation, currency }: TraderStatus, settings: Settings): Opening[] {
  // Each journal counts its own trades, so the keys name the journal.
  const byName = new Map<string, StrategyStatus[]>();
  for (const slot of strategies) byName.set(slot.name, [...(byName.get(slot.name) ?? []), slot]);
  return [...byName].flatMap(([subject, slots]): Opening[] => {
    const off = slots[0]?.off ?? null;
    const total = totalOf(slots);
    if (off?.automatic) {
      const title = `${subject} was switched off by itself`;
      // The number of trades doesn't change while the strategy is off, so a review that leaves it off is no news.
      return [{ subject, title, key: `off:${incarnation}:${total.trades}`, detail: off.reason }];
    }
    if (off !== null || slots.every(({ enabled }) => !enabled) || !isLosing(total, settings)) return [];
    const detail = `${total.trades} trades, ${total.wins} won, result ${total.realised.toFixed(placesIn(currency))}`;
    const round = Math.floor(total.trades / settings.losingTrades);
    return [{ subject, title: `${subject} keeps losing`, key: `losing:${incarnation}:${round}`, detail }];
  });
}

type Total = ReturnType<typeof totalOf>;

/** Of one strategy in all its markets, after fees. */
function totalOf(slots: readonly Pick<Slot, 'trades' | 'wins' | 'realised'>[]) {
  return {
    trades: sum(slots.map(({ trades }) => trades)),
    wins: sum(slots.map(({ wins }) => wins)),
    realised: sum(slots.map(({ realised }) => Number(realised))),
  };
}

/** Enough trades, an overall loss, and a win rate below the bound. */
function isLosing({ trades, wins, realised }: Total, bounds: Settings): boolean {
  return trades >= bounds.losingTrades && realised < 0 && (wins / trades) * 100 < bounds.losingWinRatePct;
}

/** Offers nothing for a strategy that has switched itself off already. */
const off = switchOff(
  'Switch the strategy off',
  'strategy underperforming: off by hand',
  ({ strategies }, subject) =>
    strategies.filter(({ name, enabled }) => name === subject && enabled).map(({ name }) => name),
);

type Slot = IncidentFacts['strategies'][number];

const slotsOf = async (incident: OpenIncident): Promise<readonly Slot[]> =>
  ownSlots(incident, await incident.facts());

const ownSlots = ({ input }: OpenIncident, facts: IncidentFacts | null): readonly Slot[] =>
  facts?.strategies.filter(({ name }) => name === input.subject) ?? [];

async function statistics(incident: OpenIncident) {
  const facts = await incident.facts();
  const slots = ownSlots(incident, facts);
  return {
    name: 'Statistics',
    kind: 'report',
    verdict: slots.length === 0 ? 'not_run' : 'warn',
    observed:
      slots
        .map(
          ({ symbol, trades, wins, realised, lossesInARow }) =>
            `${symbol}: ${trades} trades, ${wins} won, result ${placed(realised, facts?.currency ?? null)}, ${lossesInARow} losses in a row`,
        )
        .join('; ') || SILENT,
    expected: 'a strategy that earns more than it loses',
  } as const;
}

async function regime(incident: OpenIncident) {
  const slots = await slotsOf(incident);
  return {
    name: 'Market regime',
    kind: 'check',
    verdict:
      slots.length === 0 ? 'not_run' : slots.some((slot) => slot.regime === 'ranging') ? 'warn' : 'pass',
    observed: regimesOf(slots) || SILENT,
    expected: 'the regime that the strategy is made for: ranging or trending',
  } as const;
}

async function state(incident: OpenIncident) {
  const [slot] = await slotsOf(incident);
  return {
    name: 'Switched off?',
    kind: 'check',
    verdict: slot === undefined ? 'not_run' : 'pass',
    observed: slot === undefined ? SILENT : stateText(slot),
    expected: 'off after the desk file’s number of losses in a row; by hand on the dashboard at any time',
  } as const;
}

/**
 * The trader reviews the strategy after a set number of hours; each review that leaves it off sets the next
 * one.
 */
async function recordReview(incident: OpenIncident, slots: readonly Slot[]): Promise<void> {
  const off = slots[0]?.off;
  if (!off?.automatic || off.nextReviewMarketMs === null) return;
  const { done } = incident.log;
  const next = iso(off.nextReviewMarketMs);
  const before = done[REVIEW_DUE];
  done[REVIEW_DUE] = next;
  if (before === undefined || before === next) return;
  await incident.once(`review:${before}`, async () => ({
    name: 'Looked at again',
    kind: 'check',
    verdict: 'warn',
    observed: `still off: ${regimesOf(slots)}; the next time at ${next} by market time`,
    expected: 'on again where a market of it is in the regime that the strategy is made for',
  }));
}

async function howItEnded(
  settings: Settings,
  slots: readonly Slot[],
  wasOff: boolean,
): Promise<string | null> {
  const [slot] = slots;
  if (slot === undefined) return null;
  const { off, name } = slot;
  if (off !== null && !off.automatic) return `${off.by} switched ${name} off: ${off.reason}`;
  if (off !== null || !slot.enabled) return null;
  if (wasOff) return `${name} is on again, ${regimesOf(slots)}`;
  return isLosing(totalOf(slots), settings) ? null : `${name} no longer keeps losing`;
}

function stateText({ off, enabled }: Slot): string {
  if (off === null) return enabled ? 'on: it keeps losing' : 'off by the desk file';
  const again =
    off.nextReviewMarketMs === null
      ? ''
      : `; looked at again at ${iso(off.nextReviewMarketMs)} by market time`;
  return `off by ${off.by}: ${off.reason}${again}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const regimesOf = (slots: readonly Slot[]): string =>
  slots.map(({ symbol, regime: now }) => `${symbol} is ${now}`).join('; ');
