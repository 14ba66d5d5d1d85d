/**
 * Sells short after two sweeps: the high of the European morning is taken after the US open, the price rests, its high is
 * swept too, and a bar closes below a candle that had no upper wick. README.md says which rules are the runbook's.
 */
import { type DeskView, type InstrumentFacts, strategy } from 'fermata/strategy';
import { levelsOf, ticksUp } from './lib/levels.js';
import { objection } from './lib/second-look.js';
import { type Candle, isOver, newSetup, nextState, type Setup, type SetupEvent } from './lib/setup.js';

const MINUTES_PER_DAY = 1440;
const ofTheDay = { whole: true, min: 0, max: MINUTES_PER_DAY };

const parameters = {
  consolMinDuration: {
    whole: true,
    min: 1,
    max: 240,
    default: 5,
    meaning: 'minute bars of a consolidation, at least',
    environment: 'CONSOL_MIN_DURATION',
  },
  consolMaxDuration: {
    whole: true,
    min: 1,
    max: 240,
    default: 30,
    meaning: 'minute bars of a consolidation, at most',
    environment: 'CONSOL_MAX_DURATION',
  },
  slBufferPips: {
    min: 0,
    max: 100,
    default: 1,
    meaning: 'pips that the stop is above the sweep',
    environment: 'SL_BUFFER_PIPS',
  },
  tpRiskReward: {
    min: 0.1,
    max: 20,
    default: 2,
    meaning: 'target, in multiples of the risk',
    environment: 'TP_RISK_REWARD',
  },
  pipPoints: { min: 0.01, max: 100, default: 1, meaning: 'points of one pip (derived)' },
  euroOpen: {
    ...ofTheDay,
    default: 180,
    meaning: 'begin of the European morning, minute of the day in New York (derived)',
  },
  usOpen: { ...ofTheDay, default: 540, meaning: 'its end and the US open, minute of the day in New York' },
  lastEntryMinutes: {
    ...ofTheDay,
    default: 90,
    meaning: 'no entry in so many minutes before the close of the session (derived)',
  },
  euroMinBars: {
    whole: true,
    min: 1,
    max: MINUTES_PER_DAY,
    default: 300,
    meaning: 'bars of a European morning whose high is known (derived)',
  },
  consolMaxPoints: {
    min: 0.01,
    max: 100_000,
    default: 40,
    meaning: 'points between high and low of a consolidation, at most (derived)',
  },
  noWickPoints: {
    min: 0,
    max: 1_000,
    default: 0,
    meaning: 'points of an upper wick that counts as none (derived)',
  },
  spikeWickToBody: {
    min: 0,
    max: 100,
    default: 2,
    meaning: 'upper wick of a spike, above so many bodies',
  },
  entryMaxBars: {
    whole: true,
    min: 1,
    max: 240,
    default: 60,
    meaning: 'bars from the sweep to the entry, at most (derived)',
  },
  entryMaxPoints: {
    min: 0,
    max: 1_000,
    default: 5,
    meaning: 'points between the quote and the close that triggers, at most (derived)',
  },
  entryRestBars: {
    whole: true,
    min: 1,
    max: 60,
    default: 3,
    meaning: 'bars that the entry waits (derived)',
  },
  minRewardRisk: { min: 0, max: 20, default: 1.5, meaning: 'reward to risk has to be above it' },
} as const;

type Values = { readonly [name in keyof typeof parameters]: number };

class Slob {
  /** A whole day from the European open to the US close, so that a start at any minute knows the setup of the day. */
  readonly warmupBars = 780;
  readonly #tick: number;
  #date = '';
  #europe = { bars: 0, high: 0 };
  #setup: Setup | null = null;

  constructor(
    private readonly values: Values,
    private readonly instrument: InstrumentFacts,
  ) {
    this.#tick = Number(instrument.tickSize);
  }

  onBar(desk: DeskView, bar: Candle): void {
    // Where the bar ended: the first of the European morning ends a minute after it began.
    const { date, minuteOfDay, minutesToClose } = desk.session;
    if (date !== this.#date) this.#newDay(desk, date);
    const { euroOpen, usOpen, lastEntryMinutes } = this.values;
    // What opens in the evening closes on the next date: nothing begins in it.
    const isLate = minutesToClose <= lastEntryMinutes || minuteOfDay + minutesToClose > MINUTES_PER_DAY;
    if (minuteOfDay > euroOpen && minuteOfDay <= usOpen) this.#inEurope(bar);
    if (this.#setup !== null) this.#advance(desk, bar, isLate);
    else if (minuteOfDay > usOpen && !isLate) this.#lookForFirst(desk, bar);
  }

  state(): string {
    const { usOpen, euroMinBars } = this.values;
    const { bars, high } = this.#europe;
    if (this.#setup !== null) return this.#words(this.#setup);
    if (bars === 0) return 'no European morning yet';
    if (bars < euroMinBars) return `only ${bars} bars of the European morning, ${euroMinBars} are needed`;
    return `the European high ${this.#price(high)} is not taken after the US open (${clock(usOpen)} in New York) yet`;
  }

  #newDay(desk: DeskView, date: string): void {
    this.#date = date;
    this.#europe = { bars: 0, high: 0 };
    const setup = this.#setup;
    if (setup === null) return;
    // A position that is held goes on until it is closed.
    if (setup.state === 'POSITION_OPEN' && held(desk)) return;
    if (setup.state === 'POSITION_OPEN') this.#end(desk, setup, 'closed', 'its position is closed');
    else if (!isOver(setup.state)) this.#end(desk, setup, 'expired', 'its day is over');
    this.#setup = null;
  }

  #inEurope({ high }: Candle): void {
    this.#europe.bars += 1;
    this.#europe.high = Math.max(this.#europe.high, high);
  }

  #lookForFirst(desk: DeskView, bar: Candle): void {
    const { bars, high } = this.#europe;
    if (bars < this.values.euroMinBars || !(bar.high > high)) return;
    this.#setup = newSetup(this.instrument.symbol, bar.openMs);
    desk.note(`Setup ${this.#setup.id}: first liquidity, the European high ${this.#price(high)} is taken`);
  }

  #advance(desk: DeskView, bar: Candle, isLate: boolean): void {
    const setup = this.#setup;
    if (setup === null || isOver(setup.state)) return;
    if (setup.state === 'ORDER_PLACED' || setup.state === 'POSITION_OPEN') this.#follow(desk, setup, bar);
    else if (isLate) this.#end(desk, setup, 'expired', 'no entry before the last minute for one');
    else if (setup.state === 'FIRST_LIQUIDITY') this.#form(desk, setup, bar);
    else if (setup.state === 'CONSOLIDATION') this.#rest(desk, setup, bar);
    else this.#awaitEntry(desk, setup, bar);
  }

  /** Until the consolidation is long enough; a bar that does not fit into it begins another one. */
  #form(desk: DeskView, setup: Setup, bar: Candle): void {
    if (!this.#fits(setup, bar)) setup.box = { bars: 0, high: bar.high, low: bar.low, trigger: null };
    this.#widen(setup, bar);
    if (setup.box.bars < this.values.consolMinDuration) return;
    this.#go(setup, 'consolidated');
    desk.note(`Setup ${setup.id}: consolidation of ${this.#range(setup)}`);
  }

  #rest(desk: DeskView, setup: Setup, bar: Candle): void {
    const { box } = setup;
    const { consolMaxDuration } = this.values;
    if (bar.high > box.high) this.#swept(desk, setup, bar);
    else if (!this.#fits(setup, bar))
      this.#end(desk, setup, 'broken', 'the price left the consolidation downwards');
    else if (box.bars >= consolMaxDuration)
      this.#end(desk, setup, 'expired', `no second liquidity within ${consolMaxDuration} bars`);
    else this.#widen(setup, bar);
  }

  #swept(desk: DeskView, setup: Setup, bar: Candle): void {
    if (setup.box.trigger === null) {
      this.#end(desk, setup, 'broken', 'the consolidation has no candle without an upper wick');
      return;
    }
    setup.sweep = { ...bar };
    this.#go(setup, 'swept');
    desk.note(
      `Setup ${setup.id}: second liquidity, the consolidation is swept up to ${this.#price(bar.high)}`,
    );
  }

  #awaitEntry(desk: DeskView, setup: Setup, bar: Candle): void {
    const { sweep, box } = setup;
    if (sweep === null || box.trigger === null) return;
    setup.barsSinceSweep += 1;
    if (bar.high > sweep.high) setup.sweep = { ...bar };
    if (bar.close < box.trigger.low) this.#order(desk, setup, setup.sweep ?? sweep, bar);
    else if (setup.barsSinceSweep >= this.values.entryMaxBars)
      this.#end(desk, setup, 'expired', `no close below ${this.#price(box.trigger.low)} in time`);
  }

  #order(desk: DeskView, setup: Setup, sweep: Candle, { close }: Candle): void {
    const { slBufferPips, pipPoints, tpRiskReward, spikeWickToBody, entryMaxPoints } = this.values;
    const bufferPoints = slBufferPips * pipPoints;
    const rules = { rewardRisk: tpRiskReward, spikeWickToBody };
    // Of past bars, whose wishes do nothing, the close stands for the quote.
    const entry = isPast(desk) ? close : desk.bid;
    const levels = levelsOf(entry, sweep, { ...rules, bufferTicks: ticksUp(bufferPoints / this.#tick) });
    const { tickSize } = this.instrument;
    const look = { ...rules, tickSize, bufferPoints, minRewardRisk: this.values.minRewardRisk };
    const farthest = Math.floor((entry * desk.stopLossPct) / 100);
    const problem =
      objection(levels, sweep, look) ??
      (Math.abs(entry - close) * this.#tick > entryMaxPoints ? 'the quote is far from the close' : null) ??
      (levels.stop - entry > farthest ? 'the stop is farther than the desk allows' : null) ??
      (desk.shorting ? null : 'the venue sells nothing short');
    if (problem !== null) {
      this.#end(desk, setup, 'broken', problem);
      return;
    }
    setup.levels = levels;
    this.#go(setup, 'ordered');
    desk.note(`Setup Detected - ${setup.id}: ${this.#plan(setup)}`);
    desk.enter({
      side: 'sell',
      type: 'limit',
      ticks: entry,
      exits: { stop: { ticks: levels.stop }, targets: [{ ticks: levels.target }] },
      restBars: this.values.entryRestBars,
      because: `setup ${setup.id}: closed below the candle without an upper wick`,
    });
  }

  /** After its order: what closes it, its target, its stop and the end of the session, is carried out by the engine. */
  #follow(desk: DeskView, setup: Setup, bar: Candle): void {
    const { levels } = setup;
    if (levels === null) return;
    setup.barsSinceOrder += 1;
    const isReached = bar.high >= levels.stop || bar.low <= levels.target;
    const rested = setup.barsSinceOrder <= this.values.entryRestBars;
    const isFilled = isPast(desk) ? rested && bar.high >= levels.entry : held(desk);
    if (setup.state === 'ORDER_PLACED' && isFilled) this.#go(setup, 'filled');
    if (setup.state === 'POSITION_OPEN') {
      if (isPast(desk) ? isReached : !held(desk)) this.#end(desk, setup, 'closed', 'its position is closed');
    } else if (!isPast(desk) && !desk.entryResting) {
      if (isReached) this.#end(desk, setup, 'closed', 'it was opened and closed within a minute');
      else this.#end(desk, setup, 'expired', 'no position came of its order');
    }
  }

  #fits({ box }: Setup, { high, low }: Candle): boolean {
    if (box.bars === 0) return false;
    return (Math.max(box.high, high) - Math.min(box.low, low)) * this.#tick <= this.values.consolMaxPoints;
  }

  #widen({ box }: Setup, bar: Candle): void {
    box.bars += 1;
    box.high = Math.max(box.high, bar.high);
    box.low = Math.min(box.low, bar.low);
    const wick = (bar.high - Math.max(bar.open, bar.close)) * this.#tick;
    if (wick <= this.values.noWickPoints) box.trigger = { ...bar };
  }

  #go(setup: Setup, event: SetupEvent): void {
    setup.state = nextState(setup.state, event);
  }

  #end(desk: DeskView, setup: Setup, event: SetupEvent, why: string): void {
    this.#go(setup, event);
    setup.ended = why;
    desk.note(`Setup ${setup.id}: ${setup.state}, ${why}`);
  }

  #words(setup: Setup): string {
    const { id, state, box, sweep, levels, ended } = setup;
    if (ended !== '') return `setup ${id} ${state}: ${ended}`;
    if (levels !== null) return `setup ${id} ${state}: ${this.#plan(setup)}`;
    if (sweep !== null)
      return `setup ${id} ${state}: waits for a close below ${this.#price(box.trigger?.low ?? 0)}`;
    return `setup ${id} ${state}: ${box.bars === 0 ? 'no consolidation yet' : this.#range(setup)}`;
  }

  #plan({ levels }: Setup): string {
    if (levels === null) return '';
    const { entry, stop, target, spike } = levels;
    const rewardRisk = ((entry - target) / (stop - entry)).toFixed(2);
    const rule = spike ? ', spike rule: the stop is above the body' : '';
    const [name] = this.instrument.symbol.split('/');
    return `SHORT ${name} @ ${this.#price(entry)}, stop ${this.#price(stop)}, target ${this.#price(target)}, reward to risk ${rewardRisk}${rule}`;
  }

  #range({ box: { bars, low, high } }: Setup): string {
    return `${bars} bars from ${this.#price(low)} to ${this.#price(high)}`;
  }

  #price(ticks: number): string {
    const [, fraction = ''] = this.instrument.tickSize.split('.');
    return (ticks * this.#tick).toFixed(fraction.length);
  }
}

/** Past bars come before the first quote. Of them nobody says what was held when: the prices do. */
const isPast = (desk: DeskView): boolean => Number.isNaN(desk.bid);
const held = (desk: DeskView): boolean => !isPast(desk) && desk.lots < 0;

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

export default strategy({
  suits: 'ranging',
  parameters,
  create(setup) {
    const slob = new Slob(setup.parameters, setup.instrument);
    return {
      warmupBars: slob.warmupBars,
      onBar(desk, { openMs, openTicks, highTicks, lowTicks, closeTicks }) {
        slob.onBar(desk, { openMs, open: openTicks, high: highTicks, low: lowTicks, close: closeTicks });
      },
      state: () => slob.state(),
    };
  },
});
