/** What one seed decides: the desk, the venue's manners, and how badly things go. */
import type { Desk } from '../../src/desk/schema.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { formatMoney, parseMoney } from '../../src/domain/money.js';
import type { VenueCapabilities } from '../../src/domain/order-bounds.js';
import type { EngineConfig, ResumeRules } from '../../src/engine/config.js';
import type { QuoteRules } from '../../src/engine/quote-guard.js';
import type { RiskNumbers } from '../../src/limits/registry.js';
import { coins, crossStrategy, engineConfigWith, RESUME } from '../support/engine-config.js';
import { convertedInstruments, DESKS_CURRENCY, isConverted } from './converted.js';
import {
  type AskedEntries,
  asLegs,
  changesOfSeed,
  doublesOfSeed,
  entryTypeOfSeed,
  legsOfSeed,
  mirrored,
  REST_BARS,
  reworksOfSeed,
  termsOfSeed,
  turnsOfSeed,
  waitsOfSeed,
  withEntries,
} from './entries.js';
import { exitsOfSeed } from './exit-plans.js';
import { hoursOfSeed, sessionsOf } from './market-hours.js';
import { feeAssetsOf } from './outside.js';
import type { Random } from './random.js';
import { hasSignals } from './signals.js';
import { SPEED, START_MARKET_MS } from './simulated-prices.js';

export const START_WALL_MS = Date.UTC(2026, 0, 5, 12);

/** Probabilities per call or message. */
export interface FaultRates {
  /** The request never arrives. */
  readonly requestLost: number;
  /** It arrives late: by up to `lateMs`. */
  readonly requestLate: number;
  readonly answerLost: number;
  readonly refused: number;
  readonly streamLost: number;
  readonly streamDoubled: number;
  /** Delivered late, so that messages overtake each other. */
  readonly streamLate: number;
  readonly snapshotWrong: number;
  readonly lateMs: number;
}

export interface Scenario extends AskedEntries {
  readonly seed: number;
  /** Money units. */
  readonly startingCash: number;
  /** What is traded, and behind it what only prices the fees, or converts. */
  readonly instruments: readonly Instrument[];
  readonly traded: number;
  /** A list of cash movements can't be read, now and then. */
  readonly unreadLists: boolean;
  readonly capabilities: VenueCapabilities;
  readonly faults: FaultRates;
  readonly latencyMs: number;
  /** The list of positions is up to so far behind that of the fills. */
  readonly positionsLateMs: number;
  /** Little is offered at each price: orders are filled in parts. */
  readonly thinBooks: boolean;
  /** Wall milliseconds with faults. */
  readonly faultyMs: number;
  readonly quoteEveryMs: number;
  readonly barEveryMs: number;
  /** Mean wall milliseconds between; 0: never. */
  readonly crashEveryMs: number;
  readonly freezeEveryMs: number;
  readonly disconnectEveryMs: number;
  /** Longer than a desk bears it, now and then. */
  readonly disconnectMsMax: number;
  readonly commandEveryMs: number;
  readonly diskFaultEveryMs: number;
  /** The disk stands still for longer than an order waits for its answer, and goes on. */
  readonly diskStallEveryMs: number;
  /** The venue refuses every order for a while. */
  readonly maintenanceEveryMs: number;
  /** The breaker of the venue's API opens for a while. */
  readonly breakerEveryMs: number;
  /** Everything at once: a close-all at a venue that refuses, and the trader dies in the middle of it. */
  readonly stormEveryMs: number;
  /** A backup is taken, and the next time the journal is put back to it. */
  readonly restoreEveryMs: number;
  /** A person who trades on the account at the venue's own screen. */
  readonly strangerEveryMs: number;
  /** Orders that no exchange takes, sent to the venue itself. */
  readonly refusedEveryMs: number;
  /** The machine's wall clock is set back or forward, by up to a day. */
  readonly clockSetEveryMs: number;
  /** The feed is silent, of one instrument or of all. */
  readonly silenceEveryMs: number;
  /** The feed is silent of what is held, and of nothing else. */
  readonly heldSilenceEveryMs: number;
  /** The feed is silent of what prices the fees. */
  readonly feeSilenceEveryMs: number;
  /** The feed is silent of what converts results. */
  readonly rateSilenceEveryMs: number;
  /** Entries become smaller than the venue takes. */
  readonly smallestEveryMs: number;
  /** Somebody of whom the desk must hear is silent. */
  readonly heartbeatEveryMs: number;
  /** Money comes into the account, or leaves it. */
  readonly bankEveryMs: number;
  /** A person converts coins at the venue's own screen: no list of trades has it. */
  readonly conversionEveryMs: number;
  /** A quote that is no price. */
  readonly wrongQuoteEveryMs: number;
  /** The machine sleeps; a quote that is no price came just before, and the feed takes its time to come back. */
  readonly sleepEveryMs: number;
  /** For a while the venue takes no stop: it refuses each, or says nothing of it. */
  readonly noStopsEveryMs: number;
  /** The part of stops that never fire. */
  readonly stuckStops: number;
  /** An account with a past at an exchange: coins in it are nobody's until a person says whose. */
  readonly ownedByOthers: boolean;
  readonly feesIn: 'coin' | 'quote';
  /** Of BNB that fees are paid from; null: there is none. */
  readonly feeStock: string | null;
  /** Real money: nothing without a go-live. */
  readonly live: boolean;
  readonly risk: Pick<RiskNumbers, 'dailyLossLimitPct' | 'maxDrawdownPct'>;
  readonly resume: ResumeRules;
  /** The market closes, and opens again. */
  readonly hours: boolean;
  /** Nothing is held over it. */
  readonly flatByClose: boolean;
  /** Strategies trade their instruments as one. */
  readonly legs: boolean;
  /** Two strategies trade each instrument. */
  readonly sideBySide: boolean;
  /** Against each other, on an account that nets. */
  readonly against: boolean;
  /** Ends with a close-all that has to be proven. */
  readonly endsFlat: boolean;
}

/** As the desk file has it by default, but for the time that a quote has to stand: that of the market here flies. */
const QUOTES: QuoteRules = {
  awaySpreads: 20,
  awayPct: 3,
  spreadPct: 2,
  agreeing: 3,
  standsMs: 2_000 * SPEED,
};

/** What the venue takes in one order, and the desk file does not know: worth 25 USDT and 400 USDT where a run begins. */
const BOUNDS = { minQuantityLots: 250, maxMarketLots: 4_000 };

const NO_SILENCE = {
  silenceEveryMs: 0,
  heldSilenceEveryMs: 0,
  feeSilenceEveryMs: 0,
  rateSilenceEveryMs: 0,
  sleepEveryMs: 0,
};

export const NO_FAULTS: FaultRates = {
  requestLost: 0,
  requestLate: 0,
  answerLost: 0,
  refused: 0,
  streamLost: 0,
  streamDoubled: 0,
  streamLate: 0,
  snapshotWrong: 0,
  lateMs: 0,
};

/** The strategy beside the first one, and the one against it. */
const SECOND = 'behind';
const OPPOSITE = 'against';

export function drawScenario(seed: number, random: Random): Scenario {
  const drawn = withFewStops(calmButForStops(againstAnother(besideAnother(drawDesk(seed, random)))));
  // A minute after each opening no price is due yet: that minute is most of such a run.
  const scenario = drawn.hours ? { ...drawn, ...NO_SILENCE, diskStallEveryMs: 0 } : drawn;
  const { strangerEveryMs, conversionEveryMs, restoreEveryMs, ownedByOthers } = scenario;
  // Only what the desk itself opens is sure to be no larger than one stop.
  const alone = strangerEveryMs + conversionEveryMs + restoreEveryMs === 0 && !ownedByOthers;
  if (seed % 3 !== 1 || !alone) return scenario;
  const instruments = scenario.instruments.map((one) => ({ ...one, ...BOUNDS }));
  return { ...scenario, instruments, smallestEveryMs: 15_000 };
}

/** In each twentieth run nothing else goes wrong: most other faults halt the desk before a missing stop has to. */
function calmButForStops(scenario: Scenario): Scenario {
  if (scenario.seed % 20 !== 8) return scenario;
  const never = {
    crashEveryMs: 0,
    freezeEveryMs: 0,
    disconnectEveryMs: 0,
    diskFaultEveryMs: 0,
    diskStallEveryMs: 0,
    stormEveryMs: 0,
  };
  const noneElse = { maintenanceEveryMs: 0, breakerEveryMs: 0, heartbeatEveryMs: 0, clockSetEveryMs: 0 };
  return {
    ...scenario,
    ...never,
    ...noneElse,
    ...NO_SILENCE,
    faults: NO_FAULTS,
    commandEveryMs: 0,
    barEveryMs: 2000,
  };
}

/** In each tenth run. Fees in coins are for the property test of the engine: what is below a lot is joined there. */
function besideAnother(scenario: Scenario): Scenario {
  const { seed, exits, entryType } = scenario;
  const sideBySide =
    seed % 10 === 9 && exits === null && entryType === 'limit' && scenario.capabilities.stopLocksBalance;
  return sideBySide ? { ...scenario, sideBySide, signals: false, feesIn: 'quote' } : scenario;
}

/**
 * In each twentieth run, and in two of three of those side by side. While all rest that it takes, the venue exchanges
 * no stop; where it takes one for two strategies, only one of them can trade.
 */
function withFewStops(scenario: Scenario): Scenario {
  const { seed, sideBySide, against, capabilities, instruments } = scenario;
  const beside = sideBySide && !against ? [null, 1, 2][Math.floor(seed / 10) % 3] : null;
  const few = seed % 20 === 11 ? 1 : (beside ?? null);
  if (few === null || !capabilities.replaces) return scenario;
  return { ...scenario, instruments: instruments.map((one) => ({ ...one, maxStops: few })) };
}

/** In some runs of contracts; it takes nothing from what the seed draws, and leaves all other seeds as they are. */
function againstAnother(scenario: Scenario): Scenario {
  const { seed, exits, entryType, terms, waits, turns, capabilities, instruments } = scenario;
  const isPlain = entryType === 'limit' && terms === null && waits === null && !turns;
  const isDrawn = (seed % 10 === 9 && exits === null) || seed % 20 === 10;
  const against = isDrawn && isPlain && !capabilities.stopLocksBalance;
  if (!against) return scenario;
  return {
    ...scenario,
    ...{
      sideBySide: true,
      against,
      signals: false,
      changes: false,
      reworks: false,
      doubles: false,
      hours: false,
      flatByClose: false,
    },
    instruments: instruments.map((instrument) => ({ ...instrument, sideBySide: true })),
    capabilities: { ...capabilities, shorting: true },
  };
}

function drawDesk(seed: number, random: Random): Scenario {
  const severity = random.pick([0, 0.02, 0.05, 0.1, 0.25]);
  const spot = random.chance(0.6) && !isConverted(seed);
  const traded = random.whole(1, 4);
  const feeStock = spot && random.chance(0.3) ? random.pick(['0.004', '0.02', '1']) : null;
  const ownedByOthers = spot && random.chance(0.4);
  return {
    seed,
    startingCash: parseMoney('10000'),
    instruments: isConverted(seed)
      ? convertedInstruments(seed, traded)
      : drawInstruments(traded, spot, feeStock !== null),
    traded,
    unreadLists: seed % 5 === 3,
    feeStock,
    feesIn: spot && random.chance(0.7) ? 'coin' : 'quote',
    ownedByOthers,
    bankEveryMs: random.pick([0, 0, 0, 30_000]),
    conversionEveryMs: spot ? random.pick([0, 0, 0, 30_000]) : 0,
    wrongQuoteEveryMs: random.pick([0, 0, 5_000]),
    stuckStops: random.pick([0, 0, 0.5]),
    sleepEveryMs: seed % 7 === 0 ? 20_000 : 0,
    noStopsEveryMs: seed % 6 === 4 || seed % 20 === 8 ? 8_000 : 0,
    capabilities: drawCapabilities(seed, spot, random),
    faults: severity === 0 ? NO_FAULTS : drawFaults(severity, random),
    latencyMs: random.pick([0, 1, 20, 100, 400]),
    positionsLateMs: !spot && seed % 4 === 1 ? 3_000 : 0,
    thinBooks: random.chance(0.5),
    faultyMs: random.whole(30, 120) * 1000,
    quoteEveryMs: random.pick([100, 250, 500]),
    barEveryMs: random.pick([500, 1000, 2000]),
    crashEveryMs: random.pick([0, 0, 15_000, 40_000]),
    freezeEveryMs: random.pick([0, 0, 40_000]),
    disconnectEveryMs: random.pick([0, 0, 30_000]),
    disconnectMsMax: seed % 7 === 0 ? 40_000 : 15_000,
    commandEveryMs: random.pick([0, 4_000, 10_000, 25_000]),
    diskFaultEveryMs: random.pick([0, 0, 0, 40_000]),
    diskStallEveryMs: seed % 3 === 1 ? 20_000 : 0,
    strangerEveryMs: ownedByOthers ? (seed % 3 === 0 ? 15_000 : 0) : random.pick([0, 0, 0, 0, 40_000]),
    refusedEveryMs: seed % 5 === 2 ? 3_000 : 0,
    maintenanceEveryMs: random.pick([0, 0, 0, 30_000]),
    breakerEveryMs: random.pick([0, 0, 0, 20_000]),
    stormEveryMs: random.pick([0, 0, 0, 0, 30_000]),
    restoreEveryMs: random.pick([0, 0, 0, 20_000]),
    clockSetEveryMs: random.pick([0, 0, 0, 30_000]),
    silenceEveryMs: random.pick([0, 0, 0, 15_000]),
    heldSilenceEveryMs: seed % 4 === 2 || seed % 20 === 13 ? 10_000 : 0,
    feeSilenceEveryMs: feeStock === null ? 0 : 20_000,
    rateSilenceEveryMs: isConverted(seed) ? 25_000 : 0,
    smallestEveryMs: 0,
    heartbeatEveryMs: random.pick([0, 0, 0, 0, 40_000]),
    live: random.chance(0.15),
    risk: random.pick([
      { dailyLossLimitPct: 0.4, maxDrawdownPct: 1.5 },
      { dailyLossLimitPct: 0.4, maxDrawdownPct: 1.5 },
      { dailyLossLimitPct: 5, maxDrawdownPct: 0.4 },
    ]),
    // By itself after an outage, by a person after a fault of the desk; or both by themselves.
    resume: seed % 4 === 1 ? { ...RESUME, fault: 'person' } : RESUME,
    exits: exitsOfSeed(seed),
    ...hoursOfSeed(seed),
    entryType: entryTypeOfSeed(seed),
    changes: changesOfSeed(seed),
    // A signal has one entry there, as its watcher knows it.
    reworks: reworksOfSeed(seed) && !hasSignals(seed),
    doubles: doublesOfSeed(seed) && exitsOfSeed(seed) === null && !changesOfSeed(seed),
    terms: termsOfSeed(seed),
    waits: waitsOfSeed(seed),
    turns: turnsOfSeed(seed),
    legs: traded > 1 && legsOfSeed(seed),
    signals: hasSignals(seed) && entryTypeOfSeed(seed) === 'limit' && exitsOfSeed(seed) === null,
    sideBySide: false,
    against: false,
    endsFlat: random.chance(0.5),
  };
}

function drawInstruments(count: number, spot: boolean, withFeeAsset: boolean): Instrument[] {
  const kind = spot ? 'spot' : 'linear';
  const names = [...['BTC', 'ETH', 'SOL', 'XRP'].slice(0, count), ...(withFeeAsset ? ['BNB'] : [])];
  return coins(names, { kind, makerFeePpm: 200, takerFeePpm: 500 });
}

function drawCapabilities(seed: number, spot: boolean, random: Random): VenueCapabilities {
  return {
    name: 'simulated venue',
    simulated: true,
    shorting: !spot && (random.chance(0.5) || turnsOfSeed(seed)),
    stopLocksBalance: spot,
    reduceOnly: !spot && seed % 5 !== 3,
    amends: seed % 3 !== 0,
    replaces: seed % 4 !== 0,
    linksOrders: false,
    postOnly: true,
    fillOrKill: true,
  };
}

function drawFaults(severity: number, random: Random): FaultRates {
  const rate = () => (random.chance(0.6) ? severity * random.next() * 2 : 0);
  return {
    requestLost: rate(),
    requestLate: rate(),
    answerLost: rate(),
    refused: rate(),
    streamLost: rate(),
    streamDoubled: rate(),
    streamLate: rate(),
    snapshotWrong: random.chance(0.3) ? severity * 2 * random.next() : 0,
    lateMs: random.pick([50, 1_000, 8_000]),
  };
}

/** As the desk file has it for the paper venue. */
export function paperOf({ instruments, startingCash, feesIn, feeStock }: Scenario): Desk['paper'] {
  const { makerFeePpm, takerFeePpm } = instruments[0]!;
  return {
    balance: formatMoney(startingCash),
    currency: DESKS_CURRENCY,
    makerFeePpm,
    takerFeePpm,
    feesIn,
    ...(feeStock === null ? {} : { feeStock: { BNB: feeStock } }),
    slippageTicks: 0,
    latencyMs: 20,
  };
}

export function engineConfig(
  scenario: Scenario,
  incarnation: string,
  drawHaltId: () => string,
  edition = 0,
): EngineConfig {
  const { instruments, capabilities, traded, ownedByOthers, hours, flatByClose, against } = scenario;
  const parameters = { fastBars: 2, slowBars: 4, atrBars: 3, entryRestBars: REST_BARS, entryOffsetTicks: 0 };
  const first = crossStrategy(instruments.slice(0, traded), parameters);
  // A bar behind the first one, with its stop elsewhere: both hold much of the time.
  const behind = { ...parameters, slowBars: 5, atrBars: 4 };
  const second = crossStrategy(instruments.slice(0, traded), behind).map((one) => ({ ...one, name: SECOND }));
  const opposite = againstOf(instruments.slice(0, traded), scenario.seed % 20 === 9 ? parameters : behind);
  const strategies = against
    ? [...first.map((one) => ({ ...one, size: { equityPct: 4 } })), ...opposite]
    : scenario.sideBySide
      ? [...first, ...second].map((one) => ({ ...one, size: { equityPct: 4 } }))
      : first;
  return engineConfigWith({
    configHash: configHashOf(scenario, edition),
    incarnation,
    instruments: instruments.map(asInDeskFile),
    capabilities,
    strategies: strategies
      .map((listed) => withEntries(listed, scenario))
      .map((listed) => (scenario.legs ? asLegs(listed) : listed)),
    risk: {
      maxPositionSizePct: 10,
      maxConcurrentPositions: Math.max(1, traded - 1),
      stopLossPct: 2,
      staleDataSeconds: 5,
      ...scenario.risk,
    },
    resume: scenario.resume,
    closeAll: { deadlineMs: 20_000, answerTimeoutMs: 2_000 },
    stopOverrunMs: 10_000,
    goLiveRequired: scenario.live,
    quotes: QUOTES,
    feeAssets: feeAssetsOf(instruments),
    ...(hours ? { sessions: instruments.map(() => sessionsOf(flatByClose)) } : {}),
    ...(ownedByOthers ? { coinsNeedOwner: true, historyBeginsMs: START_MARKET_MS } : {}),
    drawHaltId,
  });
}

/** Where the first one buys it sells, and less: at the same bars, or at others. */
const againstOf = (
  instruments: readonly Instrument[],
  parameters: Readonly<Record<string, number>>,
): EngineConfig['strategies'] =>
  crossStrategy(instruments, parameters).map((one) => ({
    ...mirrored(one),
    ...{ name: OPPOSITE, size: { equityPct: 3 } },
  }));

export const configHashOf = ({ seed }: Scenario, edition: number): string =>
  edition === 0 ? `config-${seed}` : `config-${seed}-${edition}`;

/** What the venue takes is the venue's to say. */
function asInDeskFile({ maxMarketLots: _, maxStops: __, ...instrument }: Instrument): Instrument {
  return { ...instrument, minQuantityLots: 1 };
}
