/**
 * Equity is near a loss limit, or past it. Has the market changed? Which strategies lose? At the daily limit the desk
 * halts for the day, at the drawdown limit until a person decides. People are offered smaller positions and switching
 * off the losing strategies.
 */
import { type IncidentFacts, lossesOf } from '../contracts/engine-activities.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { counted } from '../domain/figure-text.js';
import {
  askTrader,
  type KeyWords,
  type Offer,
  type OpenIncident,
  type Opening,
  playbook,
  type SettingsOf,
  switchOff,
} from './playbook.js';

const keys = ({ z, percent, minutes }: KeyWords) => ({
  nearLimitPct: percent.default(80).describe('Percent of a loss limit at which it opens.'),
  offerSizePct: percent.default(50).describe('Offered position size, percent of the present one.'),
  offerMinutes: minutes.default(240).describe('How long the offers stand.'),
  volatilityTimesNormal: z
    .number()
    .min(1)
    .max(100)
    .default(2)
    .describe('Multiple of its normal volatility from which market conditions count as changed.'),
});

type Settings = SettingsOf<typeof keys>;

/** Runs that began before this patch ask the trader for a size that a person has undercut meanwhile: it refuses to raise it. */
const LOOKS_AT_SIZE = 'a-smaller-size-is-asked-for-where-the-size-is-larger';

const smallerPositions = ({ offerSizePct }: Settings): Offer => ({
  key: 'smaller-size',
  title: 'Trade with smaller positions',
  describe: async (_incident, facts) => {
    const sizePct = Math.max(1, (facts.sizePct * offerSizePct) / 100);
    return sizePct < facts.sizePct ? { positionSizePct: sizePct, nowPct: facts.sizePct } : null;
  },
  accept: async (incident, { positionSizePct }, by) => {
    const now = incident.patched(LOOKS_AT_SIZE) ? ((await incident.facts())?.sizePct ?? null) : null;
    if (now !== null && now <= Number(positionSizePct)) return `already smaller: ${now} %`;
    const { detail } = await incident.agreed.resize.executeWithOptions(
      { summary: `Position size ${positionSizePct} %` },
      [
        {
          commandId: `${incident.name}:smaller-size`,
          by,
          reason: 'large drawdown: smaller positions',
          sizePct: Number(positionSizePct),
          decisions: [],
        },
      ],
    );
    return detail;
  },
});

const strategiesOff = switchOff(
  'Switch the losing strategies off',
  'large drawdown: losing strategies off',
  ({ strategies }) =>
    strategies.filter(({ enabled, realised }) => enabled && Number(realised) < 0).map(({ name }) => name),
);

export const largeDrawdown = playbook({
  severity: 'critical',
  isInEveryHash: true,
  meaning: 'Equity is near a loss limit, or at one.',
  keys,
  runbook: [
    'Have market conditions changed dramatically?',
    'Which strategies lose?',
    'At the daily loss limit the desk halts for the day.',
    'At maximum drawdown it halts until a person decides.',
    'People are offered smaller positions, and the losing strategies off.',
  ],
  openedByTrader,
  run: async (incident, settings) => {
    await incident.once('market-conditions', () => marketConditions(incident, settings));
    await incident.once('losses', () => lossesByStrategy(incident));
    await incident.once('limits', () => lossLimits(incident));
    const offers = Promise.all([incident.offer(smallerPositions(settings)), incident.offer(strategiesOff)]);
    const outcome = await incident.watch('waiting for the loss to be dealt with', async () => {
      const facts = await incident.facts();
      if (facts === null) return null;
      await recordLossHalts(incident, facts);
      return howItEnded(facts, settings);
    });
    incident.approvals.withdraw(outcome);
    await offers;
    return outcome;
  },
});

/** At a limit: once for each halt. Near one, while no loss halts the desk: once a day for each limit. */
function openedByTrader(status: TraderStatus, { nearLimitPct }: Settings): Opening[] {
  const halted = status.halts.filter(({ cause }) => LOSS_HALTS[cause] !== undefined);
  const keys = [
    ...halted.map(({ haltId, reason }) => ({ key: `halt:${haltId}`, detail: reason })),
    ...lossesOf(status)
      .filter(({ usedPct }) => usedPct >= nearLimitPct && halted.length === 0)
      .map(({ limit, usedPct }) => ({
        // A trader of an earlier build tells one figure for both.
        key: `near:${limit}:${status.lossesCountFrom ?? status.dayStartEquity}`,
        detail: `${limit} is at ${usedPct.toFixed(0)} % of its limit; equity ${status.equity}, ${status.drawdownPct} % below its peak`,
      })),
  ];
  return keys.map(({ key, detail }) => ({ subject: '', key, title: 'Large drawdown', detail }));
}

async function marketConditions(incident: OpenIncident, { volatilityTimesNormal }: Settings) {
  const facts = await incident.facts();
  const conditions = await incident.look.marketConditions.executeWithOptions(
    { summary: 'Have market conditions changed?' },
    [
      {
        symbols: facts?.symbols ?? [],
        source: facts?.priceSource ?? null,
        untilMarketMs: facts?.marketMs ?? null,
        timesNormal: volatilityTimesNormal,
      },
    ],
  );
  return {
    name: 'Market conditions',
    kind: 'check',
    verdict: conditions.changed === null ? 'not_run' : conditions.changed ? 'warn' : 'pass',
    observed: conditions.says,
    expected: `volatility of the last hour below ${volatilityTimesNormal} times its own normal`,
  } as const;
}

async function lossesByStrategy(incident: OpenIncident) {
  const facts = await incident.facts();
  const losses = await incident.look.lossesByStrategy.executeWithOptions(
    { summary: 'Which strategies lose?' },
    [{ sinceMarketMs: facts?.dayStartMs ?? null }],
  );
  const open = (facts?.positions ?? []).map(
    ({ symbol, strategy, unrealised }) => `${strategy} holds ${symbol} at ${unrealised}`,
  );
  return {
    name: 'Losses by strategy',
    kind: 'report',
    verdict: losses.some(({ result }) => result < 0) ? 'warn' : 'pass',
    observed:
      [
        ...losses.map(
          ({ strategy, result, amount, fills }) =>
            `${strategy}: ${amount ?? result.toFixed(2)} today in ${counted(fills, 'fill')}`,
        ),
        ...open,
      ].join('; ') || 'no strategy has closed or holds anything today',
    expected: 'no strategy that loses',
  } as const;
}

const LIMITS = {
  name: 'How near to the loss limits',
  kind: 'check',
  expected: 'the daily limit halts for the day, the drawdown limit until a person decides',
} as const;

const lossLimits = (incident: OpenIncident) =>
  askTrader(incident, LIMITS, (facts) => ({
    verdict: 'warn',
    observed: `equity ${facts.equity}, today ${facts.dayPnl}, ${facts.drawdownPct} % below its peak; ${usedText(facts)}`,
  }));

const LOSS_HALTS: Readonly<Record<string, string>> = {
  'daily-loss': 'Daily loss limit reached: halted for the day',
  drawdown: 'Maximum drawdown reached: halted until a person decides',
};

/** Records each loss halt when it happens, even in the middle of the incident. */
async function recordLossHalts(incident: OpenIncident, { halts }: IncidentFacts): Promise<void> {
  for (const { cause, reason, resume } of halts) {
    const name = LOSS_HALTS[cause];
    if (name === undefined) continue;
    await incident.once(`halted:${cause}`, async () => ({
      name,
      kind: 'report',
      verdict: 'warn',
      observed: reason,
      expected: `lifted by the rule ${resume}`,
    }));
  }
}

/** Over when no loss halts the desk any more and equity is away from its limits. */
function howItEnded(facts: IncidentFacts, { nearLimitPct }: Settings): string | null {
  const halted = facts.halts.some(({ cause }) => LOSS_HALTS[cause] !== undefined);
  if (halted) return null;
  const near = facts.losses.filter(({ usedPct }) => usedPct >= nearLimitPct);
  if (near.length > 0) return null;
  return `${facts.mode}: ${usedText(facts)}`;
}

function usedText({ losses }: IncidentFacts): string {
  return losses.map(({ limit, usedPct }) => `${limit} at ${usedPct.toFixed(0)} % of its limit`).join(', ');
}
