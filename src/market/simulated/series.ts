/** One instrument's simulated minutes, which can be read in any order. */

import type { MarketBar } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { type MinuteParameters, type SimulatedMinute, simulateMinute } from './minute.js';
import { PriceWalk, SIMULATION_FIRST_MINUTE, SIMULATION_START_MS } from './price-walk.js';
import { streamKey } from './random.js';

/** Starting prices by base currency; any other currency starts at 100. */
const HOME_PRICES: Readonly<Record<string, number>> = {
  ...{ BTC: 60_000, ETH: 3_000 },
  ...{ NQ: 15_000, MNQ: 15_000, ES: 4_500, MES: 4_500 },
};
const HOME_PRICE_OTHER = 100;

export class SimulatedSeries {
  private walk: PriceWalk;
  private readonly parameters: MinuteParameters;

  constructor(
    private readonly seed: number,
    private readonly instrument: Instrument,
    spreadTicks: number,
  ) {
    const key = streamKey(seed, `${instrument.symbol} quotes`);
    this.parameters = { instrument, key, spreadTicks, scale: this.scale() };
    this.walk = this.newWalk();
  }

  /** One minute, counted since 1970, from `SIMULATION_FIRST_MINUTE` on. Fastest when read forwards. */
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
    return new PriceWalk(this.seed, this.instrument.symbol);
  }

  /** Chosen so that the price is the starting price when trading starts, whatever it was before. */
  private scale(): number {
    const walk = this.newWalk();
    while (walk.minute < SIMULATION_START_MS / MINUTE_MS) walk.step();
    const home = HOME_PRICES[this.instrument.base] ?? HOME_PRICE_OTHER;
    return Math.max(2, home / Number(this.instrument.tickSize)) / walk.price;
  }
}
