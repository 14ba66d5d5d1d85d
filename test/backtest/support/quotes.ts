/**
 * Generated quotes of a market that does all that a quote can: it comes soon and late, stands still, falls silent, jumps and comes
 * back, and opens its spread; and a strategy that asks for anything at its bars.
 */
import { writeFileSync } from 'node:fs';
import { seededRandom } from '../../../simulators/random.js';
import { formatDecimal } from '../../../src/domain/decimal.js';
import type { ExitPlan } from '../../../src/domain/exits.js';
import type { EntryWish, Strategy, StrategyContext } from '../../../src/engine/strategies/strategy.js';

interface QuotesWanted {
  readonly seed: number;
  readonly count: number;
  readonly beginMs: number;
  readonly priceTicks: number;
  readonly tickSize: string;
}

/** Returns the file. */
export function writeQuotes(file: string, wanted: QuotesWanted): string {
  const { seed, count, priceTicks, tickSize } = wanted;
  const random = seededRandom(seed);
  const below = (max: number): number => Math.floor(random() * max);
  const price = (ticks: number): string => formatDecimal(Math.max(1, ticks), tickSize);
  const step = Math.max(1, Math.round(priceTicks / 5_000));
  let atMs = wanted.beginMs;
  let bid = priceTicks;
  let spread = 1;
  let still = 0;
  let newest = `${price(bid)},${price(bid + spread)},1,1`;
  let rows = 'ts,bid,ask,bid_size,ask_size\n';
  for (let row = 0; row < count; row += 1) {
    const dice = random();
    atMs +=
      dice < 0.5
        ? 1 + below(400)
        : dice < 0.95
          ? 400 + below(4_000)
          : dice < 0.998
            ? below(20_000)
            : below(400_000);
    // Now and then the very same quote keeps coming.
    if (still === 0 && random() < 0.003) still = 20;
    else if (still > 0) still -= 1;
    if (still > 0 && random() < 0.97) {
      rows += `${atMs},${newest}\n`;
      continue;
    }
    // A quarter stand still.
    if (random() < 0.75) bid += below(2 * step + 1) - step + Math.round((priceTicks - bid) * 0.001);
    if (random() < 0.02) spread = 1 + below(4);
    const isOdd = random() < 0.0008;
    const told = isOdd ? Math.round(bid * (random() < 0.5 ? 0.9 : 1.12)) : bid;
    const wide = random() < 0.001 ? Math.round(bid * 0.05) : spread;
    const most = random() < 0.1 ? 200 : 9;
    const sizes = random() < 0.3 ? '1,1' : `${1 + below(most)},${1 + below(most)}`;
    newest = `${price(told)},${price(told + wide)},${sizes}`;
    rows += `${atMs},${newest}\n`;
  }
  writeFileSync(file, rows);
  return file;
}

/** The same for the same seed. `hears`: what it is shown beside its bars. */
export function anyWishes(seed: number, hears: 'bars' | 'quotes' | 'times'): Strategy {
  const random = seededRandom(seed);
  const act = (context: StrategyContext): void => askFor(context, random);
  return {
    warmupBars: 2,
    state: () => '',
    onBar: (context) => {
      if (random() < 0.3) act(context);
    },
    ...(hears === 'quotes'
      ? { onQuote: (context: StrategyContext) => void (random() < 0.002 && act(context)) }
      : {}),
    ...(hears === 'times'
      ? { timerMs: 90_000, onTimer: (context: StrategyContext) => void (random() < 0.2 && act(context)) }
      : {}),
  };
}

function askFor(context: StrategyContext, random: () => number): void {
  const { lastQuote, positionLots, entryResting, shorting } = context;
  if (lastQuote === null) return;
  const because = 'drawn';
  const dice = random();
  if (positionLots !== 0) {
    if (dice < 0.4) context.exit(because);
    else if (dice < 0.55) context.exit(because, 400_000);
    else if (dice < 0.7) {
      const stopTicks = stopOf(lastQuote, positionLots > 0, 0.002 + random() * 0.01);
      context.adjust({ stopTicks, because });
    } else if (dice < 0.8) context.adjust({ maxBars: 3, because });
    return;
  }
  if (entryResting) {
    if (dice < 0.3) context.cancel(because);
    return;
  }
  context.enter(entryOf(lastQuote, shorting && random() < 0.5 ? 'sell' : 'buy', random));
}

type Quote = NonNullable<StrategyContext['lastQuote']>;

const stopOf = ({ bidTicks, askTicks }: Quote, isLong: boolean, part: number): number =>
  isLong ? Math.floor(bidTicks * (1 - part)) : Math.ceil(askTicks * (1 + part));

function entryOf(quote: Quote, side: 'buy' | 'sell', random: () => number): EntryWish {
  const { bidTicks, askTicks } = quote;
  const isLong = side === 'buy';
  const away = (part: number): number => Math.round(isLong ? askTicks * (1 + part) : bidTicks * (1 - part));
  const common = {
    ...{ side, because: 'drawn', protectTicks: stopOf(quote, isLong, 0.004 + random() * 0.02) },
    exits: exitsOf(random, away),
  };
  const slippageTicks = Math.round(askTicks * 0.001);
  const dice = random();
  if (dice < 0.35) return { ...common, type: 'market', slippageTicks };
  if (dice < 0.6) return { ...common, type: 'limit', limitTicks: away(-0.0005), restBars: 2 };
  if (dice < 0.75) return { ...common, type: 'stop', stopTicks: away(0.001), slippageTicks, restBars: 3 };
  if (dice < 0.9)
    return {
      ...common,
      type: 'ifTouched',
      touchTicks: away(-0.0008),
      limitTicks: null,
      slippageTicks,
      restBars: 3,
    };
  return {
    ...common,
    type: 'trailingStop',
    trailTicks: Math.round(askTicks * 0.0004),
    slippageTicks,
    restBars: 4,
  };
}

/** Half of the trades have nothing but their stop. */
function exitsOf(random: () => number, away: (part: number) => number): ExitPlan {
  const dice = random();
  if (dice < 0.5) return {};
  if (dice < 0.65)
    return {
      targets: [
        { ticks: away(0.004), closedPpm: 500_000 },
        { ticks: away(0.01), closedPpm: 1_000_000 },
      ],
    };
  if (dice < 0.8) return { trailTicks: Math.abs(away(0.003) - away(0)) };
  return dice < 0.9 ? { maxBars: 4 } : { breakEvenAtTicks: away(0.002) };
}
