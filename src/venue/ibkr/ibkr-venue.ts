/**
 * An account at Interactive Brokers as a venue, through TWS or IB Gateway. Anything uncertain is reported as
 * unknown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fill } from '../../domain/order.js';
import type { ListedContract, VenueBalances, VenuePosition } from '../../domain/venue.js';
import { VenueHealth } from '../breaker.js';
import type { RefusedAnswer } from '../definition.js';
import { type VenuePort, type VenueStreamEvent, VenueUnavailable } from '../port.js';
import { steadyNowMs } from '../steady-clock.js';
import { AccountReadings, PositionWatch } from './account.js';
import { askedOf, followingContract } from './contracts.js';
import { Commissions, createToldTrades } from './fills.js';
import { currentTime, GATEWAY_TIMES, Gateway, type Session } from './gateway.js';
import { LiveEvents } from './live-events.js';
import { MARGIN_AHEAD_MS } from './margin.js';
import { capabilities } from './orders.js';
import { DATA_LOST, farmAfter, linkAfter, UNREADABLE } from './outcomes.js';
import { chooseAccount, type IbkrVenueOptions, readSetup, type Setup } from './setup.js';
import { Trading } from './trading.js';

export interface IbkrVenue extends VenuePort {
  readonly state: {
    readonly up: boolean;
    /** Why it is down; empty while it is up. */
    readonly reasons: readonly string[];
    readonly refusedAnswers: readonly RefusedAnswer[];
  };
}

const REFUSED_KEPT = 100;

/**
 * Resolves after the first attempt to connect, whether it succeeded or not: a Gateway that is away must not keep a
 * trader from starting. The venue is down, and no order leaves, until account and contracts have been verified.
 * Throws RangeError for an instrument of a kind or name that no account here trades, and if futures and stocks are
 * mixed.
 */
export async function openIbkrVenue(options: IbkrVenueOptions): Promise<IbkrVenue> {
  const times = { ...GATEWAY_TIMES, ...options.times };
  const { address, clientId, money, instruments } = options;
  for (const one of instruments) askedOf(one);
  // Cash is calculated differently for the two.
  if (new Set(instruments.map(({ kind }) => kind)).size > 1)
    throw new RangeError('expected futures or stocks, found both: each needs an account of its own');
  const simulated = money === 'paper';
  const refusedAnswers: RefusedAnswer[] = [];
  let listener: ((event: VenueStreamEvent) => void) | null = null;
  let setup: Setup | null = null;
  const emit = (event: VenueStreamEvent) => listener?.(event);
  const health = new VenueHealth((state, detail) => emit({ kind: 'health', state, detail }), {
    orders: 'the connection for orders is not there yet',
    reading: 'the connection for the account is not there yet',
    setup: 'account and contracts are not verified yet',
  });
  const note = (what: string, cause: string) => {
    const answer = { atMs: steadyNowMs(), what, cause };
    refusedAnswers.push(answer);
    if (refusedAnswers.length > REFUSED_KEPT) refusedAnswers.shift();
    options.onRefusedAnswer?.(answer);
  };
  const known = () => setup;
  const shared = {
    ...{ setup: known, simulated, commissions: new Commissions(options.feePerLot, note), note },
    trades: createToldTrades((correction) => emit({ kind: 'correction', correction })),
  };
  const missed = (detail: string): void => health.missed(detail);
  const watch = new PositionWatch(missed);
  const live = new LiveEvents({
    ...{ ...shared, emit, missed },
    traded: (contract, execution) => watch.traded(contract, execution),
    unknown: (detail) => findAgain(detail),
    saidOf: (orderId) => trading.saidOf(orderId),
  });
  const begun = new Map<string, () => void>();
  const first = ['orders', 'reading'].map((name) => new Promise<void>((done) => void begun.set(name, done)));

  const begunAt = (
    name: string,
    made: Gateway,
    session: Session,
    begin: (session: Session) => Promise<void>,
  ) =>
    made.untilDone(session, begin, (problem) => {
      begun.get(name)?.();
      if (problem === null) health.resolved(name);
      else health.against(name, problem);
    });
  const gateway = (
    name: 'orders' | 'reading',
    id: number,
    begin: (session: Session) => Promise<void>,
    more: Partial<ConstructorParameters<typeof Gateway>[0]> = {},
  ): Gateway => {
    const farmsDown = new Set<string>();
    const link = `way to the broker, ${name}`;
    const linkBack = (): void => {
      for (const cause of [link, ...farmsDown]) health.resolved(cause);
      farmsDown.clear();
    };
    const made: Gateway = new Gateway({
      ...address,
      clientId: id,
      times,
      onReady: (session) => begunAt(name, made, session, begin),
      onLost(cause) {
        if (name === 'orders') trading.lost(cause);
        if (name === 'orders') watch.end();
        health.against(name, cause);
        linkBack();
        begun.get(name)?.();
      },
      onNotice(code, text) {
        const broken = linkAfter(code);
        if (broken === true) health.against(link, text);
        // Nothing was reported while the link was broken: coming up again makes the engine reconcile. Farms
        // that are down are reported again.
        if (broken === false) linkBack();
        if (code === DATA_LOST && name === 'orders') watch.listAgain(made.session);
        const farm = farmAfter(code, text, options.instruments);
        if (farm !== null && name === 'reading') {
          const cause = `${farm.farm} farm ${farm.name}`;
          if (farm.up) health.resolved(cause);
          else health.against(cause, text);
          if (!farm.up) farmsDown.add(cause);
        }
        if (code === UNREADABLE) {
          note('message', text);
          health.missed('a message of the Gateway could not be read');
        }
      },
      ...more,
    });
    return made;
  };

  const verify = async (session: Session): Promise<void> => {
    const choice = chooseAccount(session, options);
    if (!choice.ok) {
      setup = null;
      throw new VenueUnavailable(choice.problem);
    }
    setup = await readSetup(reading, choice.account, instruments);
    options.traded?.found(
      new Map([...setup.contracts.values()].map((one) => [one.instrument.symbol, one.contract])),
    );
    const whys = setup.closed.map(({ why }) => why);
    if (whys.length < instruments.length) health.resolved('setup');
    else health.against('setup', whys.join('; '));
    void askFollowing(setup);
  };
  const reading = gateway('reading', clientId + 1, async (session) => {
    await verify(session);
    void askMarginAhead(session);
  });
  /** The engine reconciles once the venue is up again. Without a connection the next one finds them. */
  const findAgain = (why: string): void => {
    const { session } = reading;
    if (session === null) return;
    health.against('reading', why);
    void begunAt('reading', reading, session, verify);
  };
  const following = new Map<number, ListedContract | null>();
  /** For the status only: without an answer the desk trades anyway. */
  const askFollowing = async ({ contracts }: Setup): Promise<void> => {
    following.clear();
    for (const [id, contract] of contracts)
      await followingContract(reading, contract).then(
        (next) => following.set(id, next),
        (error: unknown) => {
          if (!(error instanceof VenueUnavailable)) throw error;
        },
      );
  };
  const askMarginAhead = async (session: Session): Promise<void> => {
    while (reading.session === session) {
      await trading.margins.askAhead();
      await sleep(MARGIN_AHEAD_MS, undefined, { ref: false });
    }
  };
  const orders = gateway(
    'orders',
    clientId,
    async (session) => {
      const choice = chooseAccount(session, options);
      if (!choice.ok) throw new VenueUnavailable(choice.problem);
      await trading.begin(session);
      watch.begin(session, choice.account);
    },
    {
      onEvent(event, args) {
        trading.onEvent(event, args);
        watch.onEvent(event, args);
        live.onEvent(event, args);
      },
    },
  );
  const trading: Trading = new Trading({
    ...{ clientId, orders, reading, setup: known, note },
    answerMs: times.questionMs,
  });
  const account = new AccountReadings({ reading, ...shared });
  await Promise.race([Promise.all(first), sleep(times.readyMs, undefined, { ref: false })]);

  return {
    capabilities: capabilities(simulated),
    instruments,
    get state() {
      return { up: health.state === 'up', reasons: health.reasons, refusedAnswers };
    },
    serverTime: () => reading.ask(currentTime()),
    accountId: () => setup?.account ?? null,
    async balances(): Promise<VenueBalances> {
      // A new desk requests balances first: the error says why there is no account, for example that it is a
      // real one.
      if (setup === null && health.reasons.length > 0) throw new VenueUnavailable(health.reasons.join('; '));
      return account.balances();
    },
    positions: (): Promise<readonly VenuePosition[]> => account.positions(),
    openOrders: () => trading.open(),
    orderByClientId: (id, instrument) => trading.find(id, instrument),
    async fillsSince(sinceMs): Promise<readonly Fill[]> {
      // Execution times have whole seconds.
      const fromMs = Math.floor(sinceMs / 1000) * 1000;
      return (await account.fills()).filter(({ marketMs }) => marketMs >= fromMs);
    },
    submit: (order) => trading.submit(order),
    cancel: (id, instrument) => trading.cancel(id, instrument),
    closedInstruments: () => setup?.closed ?? [],
    contracts: () =>
      [...(setup?.contracts.values() ?? [])].flatMap(({ instrument: { id }, listed }) =>
        listed === null ? [] : [{ instrument: id, traded: listed, following: following.get(id) ?? null }],
      ),
    onEvent(next) {
      listener = next;
      const detail = health.state === 'up' ? 'connected' : health.reasons.join('; ');
      queueMicrotask(() => listener?.({ kind: 'health', state: health.state, detail }));
    },
    async close() {
      listener = null;
      live.close();
      watch.end();
      trading.lost('closed');
      options.traded?.end();
      await Promise.all([orders.close(), reading.close()]);
    },
  };
}
