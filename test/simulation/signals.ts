/** Who sends signals from outside: new ones, old ones again, edits, withdrawals, those that have expired; at any moment. */
import { formatDecimal } from '../../src/domain/decimal.js';
import type { SignalRequest } from '../../src/domain/signal.js';
import { Random } from './random.js';
import { SPEED } from './simulated-prices.js';
import type { TraderUnderTest } from './trader-under-test.js';

export const SIGNAL_SOURCE = 'outside';
const STOP_TICKS = 100;
/** Of the market's time. */
const VALID_MS = [2_000, 10_000, 40_000].map((wallMs) => wallMs * SPEED);

/** In each ninth run whose entries are plain limit orders; it takes nothing from what the seed draws. */
export const hasSignals = (seed: number): boolean => seed % 9 === 4;

export class SignalSender {
  readonly #random: Random;
  readonly #sent: SignalRequest[] = [];
  #ids = 0;

  constructor(
    seed: number,
    private readonly instruments: readonly { readonly symbol: string; readonly tickSize: string }[],
  ) {
    this.#random = new Random(seed + 1_000_003);
  }

  /** The name of what was done; null: nobody heard it. */
  send(trader: TraderUnderTest): string | null {
    if (!trader.running) return null;
    const before = this.#sent.length === 0 ? null : this.#random.pick(this.#sent.slice(-5));
    const what = this.#random.pick([
      'new',
      'new',
      'new',
      'again',
      'edit',
      'looser',
      'expired',
      'withdrawn',
    ] as const);
    if (what === 'new' || before === null) {
      const made = this.#make(trader);
      if (made === null) return null;
      this.#sent.push(made);
      trader.command({ name: 'signal', signal: made });
      return 'signal';
    }
    if (what === 'withdrawn')
      trader.command({ name: 'withdrawSignal', source: before.source, id: before.id });
    else trader.command({ name: 'signal', signal: this.#changed(before, what) });
    return `signal, ${what}`;
  }

  #make(trader: TraderUnderTest): SignalRequest | null {
    const { quotes, marketMs } = trader.view;
    const quote = quotes.find(({ instrument }) => instrument < this.instruments.length);
    const instrument = quote === undefined ? undefined : this.instruments[quote.instrument];
    if (quote === undefined || instrument === undefined) return null;
    this.#ids += 1;
    const price = (ticks: number): string => formatDecimal(ticks, instrument.tickSize);
    return {
      ...{
        source: SIGNAL_SOURCE,
        id: String(this.#ids),
        revision: 1,
        symbol: instrument.symbol,
        action: 'buy',
      },
      ...{ entry: price(quote.bidTicks), stop: price(quote.bidTicks - STOP_TICKS), targets: [], text: '' },
      ...{ issuedMs: marketMs, expiresMs: null, validMs: this.#random.pick(VALID_MS) },
    };
  }

  #changed(before: SignalRequest, what: 'again' | 'edit' | 'looser' | 'expired'): SignalRequest {
    if (what === 'again') return before;
    if (what === 'expired')
      return { ...before, id: `${before.id}-late`, issuedMs: (before.issuedMs ?? 0) - Math.max(...VALID_MS) };
    const byTicks = what === 'edit' ? 5 : -5;
    const stop = (Number(before.stop) + byTicks / 100).toFixed(2);
    const edit = { ...before, revision: before.revision + 1, stop };
    if (what === 'edit') this.#sent.push(edit);
    return edit;
  }
}
