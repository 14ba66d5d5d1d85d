/** Two builds of the core on the same events: every effect of one beside those of the other. */
import { QuoteColumns } from '../../src/domain/quote-columns.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { Effect } from '../../src/engine/effect.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import type { EngineEvent, QuoteEvent } from '../../src/engine/event.js';
import { engineConfig, type Scenario } from '../simulation/scenario.js';

/** What a build is asked for: its own engine, and its own reading of a scenario. */
export interface Build {
  readonly createEngine: (config: EngineConfig) => Engine;
  readonly engineConfig: typeof engineConfig;
}

export interface TwinDifference {
  /** Of this process's events, `begin` counted as the first. */
  readonly at: number;
  readonly event: string;
  readonly here: string;
  readonly there: string;
}

export class Twins {
  /** The first of a seed; after it the two go different ways. */
  difference: TwinDifference | null = null;
  events = 0;

  /** Ticks and quotes of which nothing came here, because the engine passed over them. */
  passed = 0;

  /**
   * `leftOut`: types of records that only one of the two writes, on purpose. `passes`: here the engine passes over ticks and quotes where
   * it can, as in a backtest; points of the curve of equity are not compared then.
   */
  constructor(
    private readonly base: Build,
    private readonly leftOut: readonly string[],
    private readonly passes = false,
  ) {}

  /** The engine of here, as the simulation takes it; the other one is told the same and only compared. */
  engineOf(scenario: Scenario, incarnation: string, drawHaltId: () => string, edition?: number): Engine {
    const drawn: string[] = [];
    const draw = () => {
      const id = drawHaltId();
      drawn.push(id);
      return id;
    };
    const drawAgain = () => drawn.shift() ?? 'drawn by the other build alone';
    const here = createEngine(engineConfig(scenario, incarnation, draw, edition));
    const there = this.base.createEngine(this.base.engineConfig(scenario, incarnation, drawAgain, edition));
    let at = 0;
    const compare = (event: unknown, mine: () => readonly Effect[], theirs: () => readonly Effect[]) => {
      at += 1;
      this.events += 1;
      drawn.length = 0;
      const effects = mine();
      if (this.difference !== null) return effects;
      const [left, right] = [this.#told(effects), this.#told(outcome(theirs))];
      if (left !== right) this.difference = { at, event: told(event), here: left, there: right };
      return effects;
    };
    return {
      get view() {
        return here.view;
      },
      nextWakeMs: () => here.nextWakeMs(),
      passesTick: () => false,
      passesQuotes: () => 0,
      ofLast: [],
      nextDueMs: () => here.nextDueMs(),
      stateHash: () => here.stateHash(),
      whyNotTrading: () => here.whyNotTrading(),
      tradeListeners: here.tradeListeners,
      strategyLines: (instrument, openMs) => here.strategyLines(instrument, openMs),
      awaitedPrices: (instrument) => here.awaitedPrices(instrument),
      quoteAt: (instrument) => here.quoteAt(instrument),
      feePerLot: (instrument) => here.feePerLot(instrument),
      isTradable: (instrument, lots) => here.isTradable(instrument, lots),
      isDesksTradable: (instrument, lots) => here.isDesksTradable(instrument, lots),
      apply: (record) => {
        here.apply(record);
        if (this.difference === null && !this.leftOut.includes(record.type)) there.apply(record);
      },
      whyNotBegin: () => here.whyNotBegin(),
      begin: (stamp) => {
        const mine = () => effectsOf(here.begin(stamp));
        return { ok: true, effects: compare('begin', mine, () => effectsOf(there.begin(stamp))) };
      },
      process: (event) =>
        compare(
          event,
          () => (this.passes && this.#passesOver(here, event) ? [] : here.process(event)),
          () => there.process(event),
        ),
    };
  }

  #passesOver(engine: Engine, event: EngineEvent): boolean {
    const isPassed =
      event.kind === 'tick'
        ? engine.passesTick(event)
        : event.kind === 'quote' && engine.passesQuotes(alone(event)) === 1;
    if (isPassed) this.passed += 1;
    return isPassed;
  }

  #told(effects: readonly Effect[] | string): string {
    if (typeof effects === 'string') return effects;
    const seen = effects.filter((effect) =>
      effect.kind === 'record'
        ? !this.leftOut.includes(effect.record.type)
        : !(this.passes && effect.kind === 'equity'),
    );
    return seen.map(told).join('\n');
  }
}

function alone({
  instrument,
  marketMs,
  monotonicMs,
  bidTicks,
  askTicks,
  ...sizes
}: QuoteEvent): QuoteColumns {
  const quotes = new QuoteColumns(1);
  quotes.add(instrument, marketMs, bidTicks, askTicks, sizes.bidLots ?? -1, sizes.askLots ?? -1);
  quotes.wallMs[0] = monotonicMs;
  return quotes;
}

/** What it throws is its answer too. */
function outcome(run: () => readonly Effect[]): readonly Effect[] | string {
  try {
    return run();
  } catch (error) {
    return String(error);
  }
}

function effectsOf(begun: ReturnType<Engine['begin']>): readonly Effect[] {
  if (!begun.ok) throw new RangeError(begun.message);
  return begun.effects;
}

function told(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
}
