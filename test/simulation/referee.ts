/** Watches the paper venue itself: what it takes, an exchange takes too, and its account never owes anything. */
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { Rates } from './rates.js';
import type { Scenario } from './scenario.js';
import type { SimulatedPrices } from './simulated-prices.js';

/** A market order is judged by the other side of the spread. */
const SPREAD = 0.99;
/** What is open may have gained since it was opened. */
const LENT_FROM = 1.5;

export class Referee {
  readonly violations: string[] = [];

  /** Whoever sends an order to the venue from now on, it passes here. */
  constructor(
    private readonly venue: PaperVenue,
    private readonly scenario: Scenario,
    private readonly prices: SimulatedPrices,
    private readonly rates: Rates,
  ) {
    const submit = venue.submit.bind(venue);
    venue.submit = async (order) => {
      const wrong = this.#whyNot(order) ?? (await this.#tooMany(order));
      const outcome = await submit(order);
      if (outcome.kind === 'accepted') this.#object(wrong);
      await this.lookAtAccount();
      return outcome;
    };
    const onEvent = venue.onEvent.bind(venue);
    venue.onEvent = (listener) =>
      onEvent((event) => {
        if (event.kind === 'fill') this.#object(this.#wronglyConverted(event.fill));
        listener(event);
      });
    const replace = venue.replace.bind(venue);
    venue.replace = async (clientId, order) => {
      const wrong = this.#whyNot(order) ?? (await this.#tooMany(order));
      const outcome = await replace(clientId, order);
      if (outcome.kind === 'replaced') this.#object(wrong);
      return outcome;
    };
  }

  /** Nothing is owed, and whatever is on sale is there: an order that rests locks its coins. */
  async lookAtAccount(): Promise<void> {
    const { cash } = await this.venue.balances();
    const positions = await this.venue.positions();
    if (this.scenario.instruments[0]?.kind !== 'spot') return this.#lookAtMargin(Number(cash));
    if (BigInt(cash) < 0n) this.#object(`the venue let the account owe ${-BigInt(cash)}`);
    for (const { instrument, quantityLots } of positions)
      if (quantityLots < 0) this.#object(`the venue sold ${-quantityLots} lots of ${instrument} too many`);
    const onSale = new Map<number, number>();
    for (const { instrument, side, quantityLots, filledLots } of await this.venue.openOrders())
      if (side === 'sell') onSale.set(instrument, (onSale.get(instrument) ?? 0) + quantityLots - filledLots);
    for (const [instrument, lots] of onSale) {
      const held = positions.find((position) => position.instrument === instrument)?.quantityLots ?? 0;
      if (lots > held)
        this.#object(`the venue has ${lots} lots of ${instrument} on sale, and ${held} are there`);
    }
  }

  /** Nobody lends here: contracts are worth no more than the wallet, whatever opened them. */
  async #lookAtMargin(cash: number): Promise<void> {
    let open = 0;
    for (const { instrument, quantityLots } of await this.venue.positions())
      open +=
        this.#value(instrument, Math.abs(quantityLots), this.prices.bidTicks(instrument)) *
        (this.rates.at(instrument, (by) => this.prices.bidTicks(by)) ?? 1);
    if (open > cash * LENT_FROM) this.#object(`the venue let ${open} be open for a wallet of ${cash}`);
  }

  /** At the end: who takes fees in coins keeps them from each purchase, or takes them from the stock. */
  async lookAtFees(): Promise<void> {
    const { feesIn, instruments } = this.scenario;
    const fills = await this.venue.fillsSince(0);
    if (feesIn !== 'coin' || instruments[0]?.kind !== 'spot') return;
    const paid = fills.find(({ side, fee, feeIn, tradeId }) => {
      return side === 'buy' && fee > 0 && feeIn === undefined && !tradeId.startsWith('old');
    });
    if (paid !== undefined) this.#object(`the fee of ${paid.tradeId} was taken in cash`);
  }

  #whyNot({ clientId, instrument, side, type, quantityLots, limitTicks, stopTicks }: OrderIntent) {
    const { minNotional, minQuantityLots, maxQuantityLots, maxMarketLots } =
      this.scenario.instruments[instrument]!;
    const mostLots = type === 'limit' ? maxQuantityLots : (maxMarketLots ?? maxQuantityLots);
    if (quantityLots < minQuantityLots || quantityLots > mostLots)
      return `the venue took ${clientId} of ${quantityLots} lots, from ${minQuantityLots} to ${mostLots} are an order`;
    const [bid, ask] = [this.prices.bidTicks(instrument), this.prices.askTicks(instrument)];
    const value = this.#value(instrument, quantityLots, limitTicks ?? stopTicks ?? ask);
    if (value < minNotional * SPREAD) return `the venue took ${clientId}, which is below its smallest order`;
    const passed = stopTicks !== null && (side === 'sell' ? bid <= stopTicks : ask >= stopTicks);
    return type === 'stop' && passed
      ? `the venue took the stop ${clientId} at ${stopTicks}, which the market has passed`
      : null;
  }

  /** What an order is to replace still rests when it is judged. */
  async #tooMany({ clientId, instrument, type }: OrderIntent): Promise<string | null> {
    const { maxStops } = this.scenario.instruments[instrument]!;
    if (type !== 'stop' || maxStops === undefined) return null;
    const open = await this.venue.openOrders();
    const stops = open.filter((order) => order.instrument === instrument && order.type === 'stop').length;
    return stops < maxStops
      ? null
      : `the venue took the stop ${clientId} beside ${stops} others, and takes ${maxStops}`;
  }

  /** The rate is the market's of that moment, and the fee is money of the account at it. */
  #wronglyConverted({ tradeId, instrument, quantityLots, priceTicks, rate, fee }: Fill): string | null {
    const { lotFees, takerFeePpm } = this.scenario.instruments[instrument]!;
    const isNone = this.rates.by(instrument) === null;
    if (isNone) return rate === undefined ? null : `${tradeId} has a rate, and nothing converts it`;
    const now = this.rates.at(instrument, (by) => this.prices.bidTicks(by));
    const before = this.rates.at(instrument, (by) => this.prices.bidTicksBefore(by));
    if (rate === undefined || (rate !== now && rate !== before))
      return `${tradeId} is converted at ${rate}, the market is at ${now}`;
    const worth = this.#value(instrument, quantityLots, priceTicks);
    const most =
      lotFees === undefined
        ? (worth * takerFeePpm) / 1_000_000
        : quantityLots * lotFees.perLot + lotFees.minimum;
    return fee <= most * rate + 1 ? null : `the fee of ${tradeId} is ${fee}, and ${most * rate} is due`;
  }

  #value(instrument: number, lots: number, ticks: number): number {
    return lots * ticks * this.scenario.instruments[instrument]!.moneyPerTickLot;
  }

  #object(objection: string | null): void {
    if (objection !== null) this.violations.push(objection);
  }
}
