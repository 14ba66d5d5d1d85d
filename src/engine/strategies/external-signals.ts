/**
 * External signals: enters what an outside source says, at its price or at the market, with its own stop and
 * targets. It decides only what not to follow: an unknown source, or a signal that is too old, has no stop,
 * or promises too little for its risk.
 */
import { type ExitPlan, WHOLE_TRADE_PPM } from '../../domain/exits.js';
import type { Signal } from '../../domain/signal.js';
import { numberOf } from './protected-entry.js';
import type {
  ParameterValues,
  SignalRefusal,
  Strategy,
  StrategyContext,
  StrategyDefinition,
} from './strategy.js';

export const externalSignals: StrategyDefinition = {
  kind: 'externalSignals',
  suits: 'trending',
  enters: ['limit', 'market'],
  parameters: [
    {
      name: 'sources',
      type: 'text',
      maxLength: 200,
      default: '',
      meaning: 'sources to follow, separated by commas; empty: none',
    },
    {
      name: 'maxAgeSeconds',
      whole: true,
      min: 1,
      max: 604_800,
      default: 300,
      meaning: 'an older signal is not entered, by market time since its original time',
    },
    {
      name: 'minRewardToRisk',
      whole: false,
      min: 0,
      max: 100,
      default: 1,
      meaning: 'average gain at its targets, divided by the loss at its stop; 0: no targets needed',
    },
    {
      name: 'entryRestBars',
      whole: true,
      min: 1,
      max: 10_080,
      default: 60,
      meaning: 'bars that an entry rests at its price, but no longer than its signal is valid',
    },
    {
      name: 'slippageTicks',
      whole: true,
      min: 0,
      max: 1_000_000,
      default: 0,
      meaning:
        'a signal without an entry price is filled at most this many ticks past the quote; 0: it is not followed',
    },
  ],
  create: (parameters) => new ExternalSignals(parameters),
};

const STOP_PASSED: SignalRefusal = { limit: 'stop-passed', reason: 'the market is at its stop already' };

class ExternalSignals implements Strategy {
  readonly warmupBars = 0;
  readonly #sources: readonly string[];

  constructor(private readonly parameters: ParameterValues) {
    this.#sources = String(parameters.sources ?? '')
      .split(',')
      .map((source) => source.trim())
      .filter((source) => source !== '');
  }

  onBar(): void {}

  onSignal(context: StrategyContext, signal: Signal, ageMs: number): SignalRefusal | null {
    if (!this.#sources.includes(signal.source))
      return { limit: 'source', reason: `${signal.source} is none of its sources` };
    if (signal.action === 'close') return this.#close(context, signal);
    const { action: side, stopTicks, targetTicks } = signal;
    const maxAgeSeconds = numberOf(this.parameters, 'maxAgeSeconds');
    if (ageMs > maxAgeSeconds * 1000)
      return {
        limit: 'age',
        reason: `it is ${Math.round(ageMs / 1000)} s old, ${maxAgeSeconds} s are allowed`,
      };
    if (stopTicks === null) return { limit: 'no-stop', reason: 'it has no stop' };
    if (context.positionLots !== 0 || context.entryResting)
      return { limit: 'busy', reason: 'a position or an entry is open' };
    if (side === 'sell' && !context.shorting)
      return { limit: 'shorting', reason: 'the venue sells nothing that is not held' };
    if (signal.entryTicks === null && numberOf(this.parameters, 'slippageTicks') === 0)
      return { limit: 'no-entry', reason: 'it has no entry price' };
    const entryTicks = this.#worstTicks(context, signal, side);
    if (entryTicks === null) return { limit: 'no-price', reason: 'there is no price yet' };
    if (isPassed(context, stopTicks, side)) return STOP_PASSED;
    const tooLittle = this.#tooLittle(entryTicks, stopTicks, targetTicks, side);
    if (tooLittle !== null) return tooLittle;
    const wish = {
      ...{ side, protectTicks: stopTicks, because: `signal ${signal.id} of ${signal.source}` },
      ...(targetTicks.length === 0 ? {} : { exits: inEqualParts(targetTicks) }),
    };
    if (signal.entryTicks === null)
      context.enter({ ...wish, type: 'market', slippageTicks: numberOf(this.parameters, 'slippageTicks') });
    else
      context.enter({
        ...wish,
        limitTicks: signal.entryTicks,
        restBars: numberOf(this.parameters, 'entryRestBars'),
      });
    return null;
  }

  #close(context: StrategyContext, { id, source }: Signal): SignalRefusal | null {
    if (context.positionLots === 0) return { limit: 'flat', reason: 'it holds nothing that could be closed' };
    context.exit(`signal ${id} of ${source}`);
    return null;
  }

  /** The price for computing reward and risk. Null: no quote yet. */
  #worstTicks({ lastQuote }: StrategyContext, { entryTicks }: Signal, side: 'buy' | 'sell'): number | null {
    if (entryTicks !== null || lastQuote === null) return entryTicks;
    const slippageTicks = numberOf(this.parameters, 'slippageTicks');
    return side === 'buy' ? lastQuote.askTicks + slippageTicks : lastQuote.bidTicks - slippageTicks;
  }

  #tooLittle(
    entryTicks: number,
    stopTicks: number,
    targetTicks: readonly number[],
    side: 'buy' | 'sell',
  ): SignalRefusal | null {
    const least = numberOf(this.parameters, 'minRewardToRisk');
    const towards = (ticks: number): number => (side === 'buy' ? ticks - entryTicks : entryTicks - ticks);
    const risk = -towards(stopTicks);
    if (risk <= 0) return STOP_PASSED;
    if (least === 0) return null;
    if (targetTicks.length === 0)
      return {
        limit: 'reward-to-risk',
        reason: `it has no target, and ${least} times the risk is asked for`,
      };
    const reward = targetTicks.reduce((sum, ticks) => sum + towards(ticks), 0) / targetTicks.length;
    if (reward >= least * risk) return null;
    const reason = `it promises ${(reward / risk).toFixed(2)} times its risk, ${least} is asked for`;
    return { limit: 'reward-to-risk', reason };
  }

  state(): string {
    return this.#sources.length === 0
      ? 'it has no sources: name them by its parameter sources'
      : `no signal of ${this.#sources.join(', ')}`;
  }
}

/** A market entry would be filled at once, and its stop would then fire. */
function isPassed({ lastQuote }: StrategyContext, stopTicks: number, side: 'buy' | 'sell'): boolean {
  if (lastQuote === null) return false;
  return side === 'buy' ? lastQuote.bidTicks <= stopTicks : lastQuote.askTicks >= stopTicks;
}

/** An equal part of the trade at each target, the remainder at the last. */
function inEqualParts(targetTicks: readonly number[]): ExitPlan {
  const count = targetTicks.length;
  const closedBy = (place: number): number => Math.round((WHOLE_TRADE_PPM * (place + 1)) / count);
  return { targets: targetTicks.map((ticks, place) => ({ ticks, closedPpm: closedBy(place) })) };
}
