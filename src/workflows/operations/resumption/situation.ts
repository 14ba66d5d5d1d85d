/** Why the desk stopped, and, after a drawdown, the facts for the person who decides. */
import { patched } from '@temporalio/workflow';
import type { IncidentFacts, TraderSituation } from '../../../contracts/engine-activities.js';
import type { ResumptionInput } from '../../../contracts/resumption.js';
import { placed } from '../../../domain/figure-text.js';
import { causeOf } from '../../../domain/message-of.js';
import { decisionCalls, lookCalls, traderCalls } from '../operations-calls.js';
import type { ResumptionRun } from './resumption-run.js';

/** Fixed: the desk file's own factor is for its incident of a large drawdown, and isn't read here. */
const TIMES_NORMAL = 2;
const SUPERSEDED_IS_KEPT = 'a-superseded-resumption-is-kept-as-evidence';

/** Ends the run if the halt is no longer the one that arming must quote. Null: no trader is left to query. */
export async function readSituation(run: ResumptionRun): Promise<TraderSituation | null> {
  const startedMs = Date.now();
  run.cycle += 1;
  const situation = await run.engine.readSituation
    .executeWithOptions({ summary: 'Why did it stop?' }, [])
    .catch((error: unknown) => {
      if (!run.asked.isAnother) throw error;
      supersede(run, startedMs, 'the desk has another account since, or begins anew: its halts are others');
      return null;
    });
  if (situation === null) return null;
  run.situation = situation;
  if (!run.isExplained) {
    run.isExplained = true;
    const causes = situation.halts.map(({ cause, by, reason }) => `${cause} (${by}): ${reason}`);
    run.record(startedMs, {
      stepKey: 'why',
      name: 'Why trading stopped',
      kind: 'report',
      verdict: 'pass',
      observed: causes.join('; ') || situation.reason,
      expected: `a halt with the rule it is lifted by: ${situation.rule ?? 'none'}`,
    });
  }
  if (situation.mode === 'ACTIVE') supersede(run, startedMs, 'the desk trades: it was armed already');
  else if (situation.haltId !== run.input.haltId)
    supersede(run, startedMs, 'a newer halt has taken its place');
  return situation;
}

/** Without this, a run that was reset after it had armed would not say why it did nothing more. */
function supersede(run: ResumptionRun, startedMs: number, why: string): void {
  if (patched(SUPERSEDED_IS_KEPT))
    run.record(startedMs, {
      stepKey: 'superseded',
      name: 'Superseded',
      kind: 'report',
      verdict: 'not_run',
      observed: why,
      expected: 'its halt is the newest, and still there',
    });
  run.end('superseded', why);
}

/** Once, after a drawdown: the reason, the figures, and the choices. */
export async function showDrawdown(run: ResumptionRun, situation: TraderSituation): Promise<void> {
  if (run.evidence !== null || !isDrawdown(situation)) return;
  const startedMs = Date.now();
  run.evidence = await readDrawdownEvidence(run.input);
  run.record(startedMs, {
    stepKey: 'drawdown',
    name: 'Evidence for the decision',
    kind: 'report',
    verdict: 'warn',
    observed: run.evidence.join('\n'),
    expected: 'a person decides, at full or smaller size',
  });
  await tellOfDrawdown(run.input, run.evidence);
}

/** A person who lets a desk trade again after its drawdown limit should see this evidence first. */
function isDrawdown({ halts }: Pick<TraderSituation, 'halts'>): boolean {
  return halts.some(({ cause }) => cause === 'drawdown');
}

/** Lines for a person. Anything that can't be read is named, not left out. */
async function readDrawdownEvidence({ desk, incarnation }: ResumptionInput): Promise<string[]> {
  const look = lookCalls(desk);
  try {
    const facts = await traderCalls(desk, incarnation).readIncidentFacts.executeWithOptions(
      { summary: 'How large is the loss?' },
      [],
    );
    const [market, losses] = await Promise.all([
      look.marketConditions.executeWithOptions({ summary: 'Have market conditions changed?' }, [
        {
          symbols: facts.symbols,
          source: facts.priceSource,
          untilMarketMs: facts.marketMs,
          timesNormal: TIMES_NORMAL,
        },
      ]),
      look.lossesByStrategy.executeWithOptions({ summary: 'Which strategies lose?' }, [
        { sinceMarketMs: facts.dayStartMs },
      ]),
    ]);
    return [
      `Equity ${facts.equity}, ${facts.drawdownPct} % below its peak; today ${facts.dayPnl}`,
      `Market: ${market.says}`,
      `Today by strategy: ${losses.map(({ strategy, result, amount }) => `${strategy} ${amount ?? result.toFixed(2)}`).join(', ') || 'nothing was closed'}`,
      `Strategies: ${facts.strategies.map((slot) => strategyLine(slot, facts.currency ?? null)).join('; ') || 'none'}`,
      `Open positions: ${facts.positions.map(({ symbol, quantity }) => `${symbol} ${quantity}`).join(', ') || 'none'}`,
      `Position size now: ${facts.sizePct} % of the full size`,
    ];
  } catch (error) {
    return [`The evidence could not be read: ${causeOf(error)}`];
  }
}

/**
 * Tells people with their choices. A failure is ignored, because people learn of the resumption in other ways
 * too.
 */
async function tellOfDrawdown(input: ResumptionInput, lines: readonly string[]): Promise<void> {
  const text = [
    ...lines,
    '',
    'Trading goes on only when a person decides: /resume, /resume 50%, the dashboard, or on the command line',
    'fermata resume --reason TEXT --size 50',
    'The size is percent of the full position size; without it, it stays as it is.',
  ];
  await decisionCalls(input.desk)
    .notify.executeWithOptions({ summary: 'Put the decision before people' }, [
      {
        desk: input.desk,
        event: 'halt',
        severity: 'critical',
        about: 'drawdown',
        title: 'Maximum drawdown: a person decides',
        text: text.join('\n'),
        fingerprint: `drawdown:${input.haltId}`,
        audience: ['approver', 'operator'],
      },
    ])
    .catch(() => {});
}

function strategyLine(
  { name, symbol, trades, wins, realised, regime }: IncidentFacts['strategies'][number],
  currency: string | null,
): string {
  return `${name} ${symbol}: ${wins} of ${trades} won, ${placed(realised, currency)}, ${regime}`;
}
