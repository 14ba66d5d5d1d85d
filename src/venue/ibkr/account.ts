/** Cash, positions and fills of the account, as the broker reports them, and positions that others change. */
import { type Contract, EventName, type Execution, SecType } from '@stoqey/ib';
import type { Fill } from '../../domain/order.js';
import type { VenueBalances, VenuePosition } from '../../domain/venue.js';
import { incarnationOf } from '../../engine/orders/client-id.js';
import { VenueUnavailable } from '../port.js';
import { isSameFuture, type ResolvedContract } from './contracts.js';
import { believed, CENT, moneyOf, stepsOf, textOf } from './decode.js';
import { type Commissions, newestOf, openingCosts, readFill, revisionOf, type ToldTrades } from './fills.js';
import type { Gateway, Session } from './gateway.js';
import {
  ACCRUED,
  executions,
  ledger,
  positions,
  type ToldExecution,
  type ToldPosition,
} from './questions.js';
import { type Setup, verified } from './setup.js';

export interface AccountOptions {
  readonly reading: Gateway;
  readonly setup: () => Setup | null;
  readonly simulated: boolean;
  readonly commissions: Commissions;
  readonly trades: ToldTrades;
  readonly note: (what: string, cause: string) => void;
}

export class AccountReadings {
  readonly #options: AccountOptions;
  /** Stored because the broker forgets them at midnight. */
  readonly #fills = new Map<string, Fill>();

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  async positions(): Promise<readonly VenuePosition[]> {
    const setup = verified(this.#options.setup());
    const held = await this.#held(setup);
    return believed(this.#options.note, 'positions', () =>
      [...setup.contracts.values()].map(({ instrument, contract }) => {
        const position = held.find((one) => one.contract.conId === contract.conId);
        const quantityLots =
          position === undefined ? 0 : stepsOf(position.quantity, instrument.lotSize, 'position');
        return { instrument: instrument.id, quantityLots };
      }),
    );
  }

  async balances(): Promise<VenueBalances> {
    const setup = verified(this.#options.setup());
    const instrument = [...setup.contracts.values()][0]?.instrument;
    if (instrument === undefined) throw new VenueUnavailable(setup.closed.map(({ why }) => why).join('; '));
    const currency = instrument.quote;
    const [told, held, fills] = await Promise.all([
      this.#options.reading.ask(ledger(setup.account, currency)),
      this.#held(setup),
      this.fills(),
    ]);
    return believed(this.#options.note, 'balances', () => {
      const amount = (tag: string) => moneyOf(textOf(told.get(tag), tag), tag);
      if (instrument.kind === 'stock') return { cash: amount('CashBalance'), currency };
      // NetLiquidation includes the gains of open futures, and the broker puts the cost of opening them into
      // their average cost. The engine counts results when they are realised, and has already deducted that
      // cost. NetLiquidation also accrues interest nightly, which becomes cash when posted.
      const cash =
        amount('NetLiquidationByCurrency') -
        (told.has(ACCRUED) ? amount(ACCRUED) : 0) -
        amount('UnrealizedPnL') -
        this.#paid(setup, held, fills);
      return { cash: Math.round(cash / CENT) * CENT, currency };
    });
  }

  #paid(setup: Setup, held: readonly ToldPosition[], fills: readonly Fill[]): number {
    return held.reduce((sum, { contract, quantity }) => {
      const instrument = setup.byConId.get(contract.conId ?? 0)?.instrument.id;
      if (instrument === undefined) return sum;
      const own = fills.filter((fill) => fill.instrument === instrument);
      return sum + openingCosts(own, quantity, this.#options.commissions.booked(instrument));
    }, 0);
  }

  /** Today's fills, and earlier ones that this process has read. */
  async fills(): Promise<readonly Fill[]> {
    const setup = verified(this.#options.setup());
    const told = await this.#options.reading.ask(executions(setup.account));
    return believed(this.#options.note, 'executions', () => {
      const { simulated, commissions, trades } = this.#options;
      for (const { execution } of told) {
        if (execution.shares !== 0) continue;
        const { tradeId, revision } = revisionOf(textOf(execution.execId, 'execId'));
        this.#fills.delete(tradeId);
        trades(tradeId, revision, null);
      }
      for (const one of newestOf(told)) {
        const contract = setup.byConId.get(one.contract.conId ?? 0) ?? ofAnotherMonth(setup, one);
        if (contract === undefined) continue;
        const fill = readFill(one, contract, simulated, commissions);
        this.#fills.set(fill.tradeId, fill);
        trades(fill.tradeId, revisionOf(textOf(one.execution.execId, 'execId')).revision, fill);
      }
      return [...this.#fills.values()].sort((a, b) => a.marketMs - b.marketMs);
    });
  }

  /** The desk can't count a position in another contract: it is reported, not left out. */
  async #held(setup: Setup): Promise<readonly ToldPosition[]> {
    const told = await this.#options.reading.ask(positions());
    const held = told.filter(({ account, quantity }) => account === setup.account && quantity !== 0);
    const foreign = held.filter(({ contract }) => !setup.byConId.has(contract.conId ?? 0));
    if (foreign.length === 0) return held;
    const names = foreign.map(({ contract, quantity }) => `${quantity} ${contract.localSymbol}`).join(', ');
    throw new VenueUnavailable(`the account holds ${names}, which this desk does not trade`);
  }
}

/**
 * The contract of a desk's order that filled in a month no longer traded, such as its stop while the trader
 * was away: nothing of that month is held by now, and it was traded for the same instrument.
 */
function ofAnotherMonth(
  { contracts }: Setup,
  { contract: told, execution }: ToldExecution,
): ResolvedContract | undefined {
  if (told.secType !== SecType.FUT || incarnationOf(execution.orderRef ?? '') === null) return undefined;
  return [...contracts.values()].find(({ contract }) => isSameFuture(contract, told));
}

/** Executions and positions come in messages of their own: within this, one explains the other. */
const EXPLAINED_MS = 2_000;

interface Watched {
  /** The last position that was explained. */
  explained: number;
  /** As told last. */
  told: number;
  /** Signed lots of the desk's executions since `explained`. */
  own: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Notices a position that changes without an execution of the desk, for example one that a person closes in TWS:
 * its stop and its target would open the opposite one. Over the connection for orders, which hears those
 * executions, and on which nothing else asks for positions and so ends what it is told.
 */
export class PositionWatch {
  readonly #byContract = new Map<number, Watched>();
  #account = '';
  /** The first list is complete: until then each position counts as explained. */
  #listed = false;

  constructor(private readonly unexplained: (detail: string) => void) {}

  begin({ api }: Session, account: string): void {
    this.end();
    this.#account = account;
    api.reqPositions();
  }

  /** What it was told was lost with the link to the broker. What has changed meanwhile is a change like any other. */
  listAgain(session: Session | null): void {
    session?.api.reqPositions();
  }

  /** The connection has ended. */
  end(): void {
    for (const { timer } of this.#byContract.values()) clearTimeout(timer ?? undefined);
    this.#byContract.clear();
    this.#listed = false;
  }

  onEvent(event: EventName, [account, contract, quantity]: readonly unknown[]): void {
    if (event === EventName.positionEnd) this.#listed = true;
    if (event !== EventName.position || account !== this.#account) return;
    const { conId = 0, localSymbol = '' } = contract as Contract;
    const watched = this.#of(conId);
    watched.told = Number(quantity);
    if (!this.#listed) Object.assign(watched, { explained: watched.told, own: 0 });
    this.#settle(watched, localSymbol);
  }

  /** An execution of the desk that was not heard before. */
  traded({ conId = 0, localSymbol = '' }: Contract, { side, shares = 0 }: Execution): void {
    const watched = this.#of(conId);
    watched.own += side === 'BOT' ? shares : -shares;
    this.#settle(watched, localSymbol);
  }

  #of(conId: number): Watched {
    const watched = this.#byContract.get(conId) ?? { explained: 0, told: 0, own: 0, timer: null };
    this.#byContract.set(conId, watched);
    return watched;
  }

  #settle(watched: Watched, name: string): void {
    const { explained, told, own } = watched;
    if (told === explained || isSame(told, explained + own)) {
      clearTimeout(watched.timer ?? undefined);
      watched.timer = null;
      if (told !== explained) Object.assign(watched, { explained: told, own: 0 });
      return;
    }
    watched.timer ??= setTimeout(() => {
      this.unexplained(`the position in ${name} is ${watched.told} without a trade of the desk`);
      Object.assign(watched, { explained: watched.told, own: 0, timer: null });
    }, EXPLAINED_MS);
  }
}

/** Parts of a share add up with the errors of floating point. */
const isSame = (one: number, other: number): boolean => Math.abs(one - other) < 1e-6;
