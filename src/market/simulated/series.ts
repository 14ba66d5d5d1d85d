/** One instrument's simulated minutes, in any order of reading. */
import type { Instrument } from '../../domain/instrument.js';
import type { MarketBar } from '../feed.js';
import { type MinuteParameters, type SimulatedMinute, simulateMinute } from './minute.js';
import { PriceWalk, SIMULATION_FIRST_MINUTE } from './price-walk.js';
import { streamKey } from './random.js';

/** Prices at the beginning, by base currency; any other begins at 100. */
const HOME_PRICES: Readonly<Record<string, number>> = { BTC: 60_000, ETH: 3_000 };
const HOME_PRICE_OTHER = 100;

export class SimulatedSeries {
  private walk: PriceWalk;
  private readonly parameters: MinuteParameters;

  constructor(
    private readonly seed: number,
    private readonly instrument: Instrument,
    spreadTicks: number,
  ) {
    this.parameters = { instrument, key: streamKey(seed, `${instrument.symbol} quotes`), spreadTicks };
    this.walk = this.newWalk();
  }

  /** One minute, counted since 1970; not before `SIMULATION_FIRST_MINUTE`. Fastest when read forwards. */
  minute(minute: number): SimulatedMinute {
    this.goTo(minute);
    return simulateMinute(this.walk, this.parameters);
  }

  /** Bars of the last `count` minutes before `endMinute`, oldest first; fewer near the beginning. */
  bars(endMinute: number, count: number): MarketBar[] {
    const from = Math.max(SIMULATION_FIRST_MINUTE, endMinute - count);
    const bars: MarketBar[] = [];
    for (let minute = from; minute < endMinute; minute += 1) bars.push(this.minute(minute).bar);
    return bars;
  }

  private goTo(minute: number): void {
    if (minute < SIMULATION_FIRST_MINUTE) {
      throw new RangeError(
        `the simulated market begins at minute ${SIMULATION_FIRST_MINUTE}, asked for ${minute}`,
      );
    }
    if (minute < this.walk.minute) this.walk = this.newWalk();
    while (this.walk.minute < minute) this.walk.step();
  }

  private newWalk(): PriceWalk {
    const home = HOME_PRICES[this.instrument.base] ?? HOME_PRICE_OTHER;
    return new PriceWalk(
      this.seed,
      this.instrument.symbol,
      Math.max(1, home / Number(this.instrument.tickSize)),
    );
  }
}
