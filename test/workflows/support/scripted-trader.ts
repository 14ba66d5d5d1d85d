/** A trader that does what a test tells it: answers like the real control socket, and can be gone. */
import { randomBytes } from 'node:crypto';
import type { ControlMethods } from '../../../src/contracts/control.js';
import type { BarStatus, FlatProof, TraderStatus } from '../../../src/contracts/trader-status.js';
import { type GoLiveEnded, PERMISSION_ENDED } from '../../../src/domain/go-live-terms.js';
import type { Halt, HaltCause, Mode, ResumeRule } from '../../../src/domain/mode.js';
import {
  type CallableMethod,
  ControlFailure,
  type TraderClient,
  TraderUnavailable,
} from '../../../src/trader/client.js';
import { idleStatus } from '../../support/trader-status.js';

export interface Received {
  readonly method: CallableMethod;
  readonly params: Record<string, unknown>;
}

export class ScriptedTrader {
  readonly received: Received[] = [];
  mode: Mode = 'ACTIVE';
  halts: Halt[] = [];
  entriesWorking = 0;
  /** Entry orders that a stop does not get rid of. */
  stubbornEntries = 0;
  positions: string[] = [];
  /** Close-all closes nothing while this is set. */
  stuck = false;
  /** So many readings of the venue still show what was closed. */
  staleFlatProofs = 0;
  gone = false;
  /** Answers, and does not take anything yet. */
  starting = false;
  /** Its journal can't be written, for this reason: what it takes is lost when it restarts. */
  offDisk: string | null = null;
  /** Refuses this one, whatever is asked of it. */
  refuses: CallableMethod | null = null;
  /** Carries this one out, and its answer never comes. */
  losesAnswersTo: CallableMethod | null = null;
  refusesArming: string | null = null;
  /** A limit that is still exceeded. */
  haltsOnceArmed: HaltCause | null = null;
  refusesClosing: string | null = null;
  refusesAction: string | null = null;
  venueBreaker: TraderStatus['venueBreaker']['state'] = 'closed';
  sizePct = 100;
  strategies: TraderStatus['strategies'] = [];
  held: TraderStatus['positions'] = [];
  orders: TraderStatus['orders'] = [];
  /** A cancel leaves them: the test says when they are gone. */
  waitingEntries: NonNullable<TraderStatus['waitingEntries']> = [];
  contracts: NonNullable<TraderStatus['contracts']> = [];
  targetsWait: 'venue' | 'desk' = 'desk';
  /** What the venue lists, where it is not what the trader counts. */
  venueOrderIds: readonly string[] | null = null;
  risk: TraderStatus['risk'] = [{ limit: 'position size', value: '3 %', now: '0 %' }];
  trading: TraderStatus['trading'] = 'paper';
  granted: TraderStatus['goLive']['granted'] = null;
  goLiveEnded: GoLiveEnded | null = null;
  refusesGoLive: string | null = null;
  /** Takes it, and dies before it can say so: it comes back halted for its start. */
  diesGoingLive = false;
  refusesReload: string | null = null;
  settingsVersion = 0;
  #written = 0;
  readonly reloaded: { values: ControlMethods['reload']['params']['values']; approvedBy: string[] }[] = [];
  marketMs = Date.parse('2026-03-02T10:00:00Z');
  bars: readonly BarStatus[] = [];
  market: Partial<TraderStatus['marketData']> = {};
  reconciliation: TraderStatus['reconciliation']['state'] = 'clean';
  readAtWallMs: number | null = null;
  venueIsUp = true;
  /** Halts by the stop that raised them: one that is delivered again raises no other. */
  private readonly stopped = new Map<string, string>();
  closeAllState: TraderStatus['closeAll'] = 'idle';

  constructor(
    readonly incarnation: string,
    readonly configHash = 'c'.repeat(64),
  ) {}

  get client(): TraderClient {
    return {
      call: (method, params) => this.answer(method, params),
      follow: () => ({ close() {} }),
      close() {},
    };
  }

  /** The same trader behind a real control socket. */
  get controlHandlers() {
    const of =
      <M extends CallableMethod>(method: M) =>
      (params: ControlMethods[M]['params']) =>
        this.answer(method, params);
    return {
      status: of('status'),
      stop: of('stop'),
      halt: of('halt'),
      closeAll: of('closeAll'),
      kill: of('kill'),
      closePosition: of('closePosition'),
      cancelEntry: of('cancelEntry'),
      arm: of('arm'),
      claimCoins: of('claimCoins'),
      toggle: of('toggle'),
      resize: of('resize'),
      reload: of('reload'),
      goLive: of('goLive'),
      revokeGoLive: of('revokeGoLive'),
      bars: of('bars'),
      equity: of('equity'),
      explainCash: of('explainCash'),
      corporateAction: of('corporateAction'),
      noSplit: of('noSplit'),
      reconcile: of('reconcile'),
      signal: of('signal'),
      withdrawSignal: of('withdrawSignal'),
      flatProof: of('flatProof'),
      heartbeat: of('heartbeat'),
    };
  }

  get haltId(): string | null {
    return this.halts.at(-1)?.haltId ?? null;
  }

  /** Its disk can be written again. What it could not write is lost. */
  restart(): void {
    if (this.offDisk !== null) {
      this.settingsVersion -= this.reloaded.length - this.#written;
      this.reloaded.length = this.#written;
    }
    this.offDisk = null;
    this.halts = [];
    this.stopped.clear();
    this.halt('startup', 'auto', 'fermata');
  }

  halt(cause: HaltCause, resume: ResumeRule, by = 'test'): string {
    const haltId = randomBytes(16).toString('hex');
    this.mode = 'HALTED';
    const [atWallMs, atMarketMs] = [Date.now(), this.marketMs];
    const scope = { kind: 'desk' } as const;
    this.halts.push({
      haltId,
      mode: 'HALTED',
      scope,
      cause,
      by,
      reason: `${cause} by ${by}`,
      resume,
      atWallMs,
      atMarketMs,
    });
    return haltId;
  }

  sent(method: CallableMethod): Record<string, unknown>[] {
    return this.received.filter((call) => call.method === method).map(({ params }) => params);
  }

  async answer<M extends CallableMethod>(
    method: M,
    params: ControlMethods[M]['params'],
  ): Promise<ControlMethods[M]['result']> {
    if (this.gone) throw new TraderUnavailable('the trader is not there');
    this.received.push({ method, params: { ...params } });
    if (this.starting) throw refused('the engine has not begun', 'not-started');
    if (this.refuses === method) throw refused('not now');
    const result = this.handlers[method](params as never) as ControlMethods[M]['result'];
    if (this.losesAnswersTo === method) throw new TraderUnavailable(`no answer to ${method}`);
    return result;
  }

  status(): TraderStatus {
    const idle = idleStatus();
    return {
      ...idle,
      desk: 'test',
      mode: this.mode,
      reason: this.halts.at(-1)?.reason ?? 'trading',
      halts: this.halts,
      haltId: this.haltId,
      configHash: this.configHash,
      incarnation: this.incarnation,
      sequence: this.received.length,
      trading: this.trading,
      marketData: { ...idle.marketData, marketMs: this.marketMs, ...this.market },
      positions: this.held,
      orders: this.orders,
      ...(this.waitingEntries.length === 0 ? {} : { waitingEntries: this.waitingEntries }),
      ...(this.contracts.length === 0 ? {} : { contracts: this.contracts }),
      capabilities: this.held.map(({ symbol }) => ({
        ...{ symbol, targetsWait: this.targetsWait, refused: [], byDesk: [] },
      })),
      openPositions: this.positions.length,
      openOrders: this.entriesWorking,
      entriesWorking: this.entriesWorking,
      venueBreaker: { state: this.venueBreaker, sinceWallMs: null, detail: '' },
      venueIsUp: this.venueIsUp,
      sizePct: this.sizePct,
      goLive: { required: this.trading === 'live', granted: this.granted, ended: this.goLiveEnded },
      closeAll: this.closeAllState,
      reconciliation: { state: this.reconciliation, atWallMs: this.readAtWallMs, differences: [] },
      strategies: this.strategies,
      risk: this.risk,
      settings: {
        version: this.settingsVersion,
        changed: Object.assign({}, ...this.reloaded.map(({ values }) => values)),
        fileConfigHash: this.configHash,
      },
    };
  }

  private readonly handlers = {
    status: () => this.status(),
    stop: ({ commandId, by }: ControlMethods['stop']['params']) => {
      this.entriesWorking = this.stubbornEntries;
      const before = this.stopped.get(commandId);
      if (this.halts.some(({ haltId }) => haltId === before)) return this.taken(commandId, before ?? null);
      this.stopped.set(commandId, this.halt('person', 'person', by));
      return this.taken(commandId, this.haltId);
    },
    halt: ({ commandId, by, cause, resume }: ControlMethods['halt']['params']) =>
      this.taken(commandId, this.halt(cause, resume, by)),
    closeAll: ({ commandId, by }: ControlMethods['closeAll']['params']) => {
      if (this.refusesClosing !== null) throw refused(this.refusesClosing);
      this.entriesWorking = 0;
      this.stubbornEntries = 0;
      if (!this.stuck) this.positions = [];
      this.closeAllState = this.stuck ? 'running' : 'flat';
      return this.taken(commandId, this.halt('person', 'person', by));
    },
    closePosition: ({ commandId, symbol }: ControlMethods['closePosition']['params']) => {
      if (this.refusesClosing !== null) throw refused(this.refusesClosing);
      if (!this.stuck) this.held = this.held.filter((position) => position.symbol !== symbol);
      return this.taken(commandId, null);
    },
    cancelEntry: ({ commandId, clientId }: ControlMethods['cancelEntry']['params']) => {
      this.orders = this.orders.filter((order) => order.clientId !== clientId);
      return this.taken(commandId, null);
    },
    kill: ({ commandId, by }: ControlMethods['kill']['params']) => {
      this.entriesWorking = 0;
      if (!this.stuck) this.positions = [];
      this.closeAllState = this.stuck ? 'running' : 'flat';
      return this.taken(commandId, this.halt('kill', 'two-people', by));
    },
    arm: ({ commandId, haltId, decisions }: ControlMethods['arm']['params']) => {
      if (this.refusesArming !== null) throw refused(this.refusesArming);
      if (haltId !== this.haltId) throw refused('there is a newer halt');
      if (decisions.length > 0)
        this.sizePct = Math.min(...decisions.map(({ sizePct = this.sizePct }) => sizePct));
      this.halts = [];
      this.mode = 'ACTIVE';
      const taken = this.taken(commandId, null);
      if (this.haltsOnceArmed !== null) this.halt(this.haltsOnceArmed, 'next-day');
      return taken;
    },
    claimCoins: ({ commandId }: ControlMethods['claimCoins']['params']) => ({
      commandId,
      ok: true,
      detail: 'claimed',
      haltId: null,
      mode: this.mode,
    }),
    toggle: ({ commandId, strategy, enabled }: ControlMethods['toggle']['params']) => {
      this.strategies = this.strategies.map((each) =>
        each.name === strategy ? { ...each, enabled, off: null } : each,
      );
      return this.taken(commandId, null);
    },
    resize: ({ commandId, sizePct }: ControlMethods['resize']['params']) => {
      this.sizePct = sizePct;
      return this.taken(commandId, null);
    },
    reload: ({ commandId, baseVersion, values, decisions }: ControlMethods['reload']['params']) => {
      if (this.refusesReload !== null) throw refused(this.refusesReload);
      const inForce = this.status().settings.changed;
      const isNew = Object.entries(values).some(([key, value]) => inForce[key] !== value);
      if (!isNew && this.offDisk === null) this.#written = this.reloaded.length;
      if (!isNew) return this.reloadTaken(commandId);
      if (baseVersion !== this.settingsVersion)
        throw refused('in force are other settings', 'settings-changed');
      this.settingsVersion += 1;
      this.reloaded.push({ values, approvedBy: decisions.map(({ person }) => person) });
      if (this.offDisk === null) this.#written = this.reloaded.length;
      return this.reloadTaken(commandId);
    },
    goLive: ({ commandId, proposal, decisions }: ControlMethods['goLive']['params']) => {
      if (this.refusesGoLive !== null) throw refused(this.refusesGoLive);
      if (proposal.step === 0 && proposal.haltId !== this.haltId) throw refused('there is a newer halt');
      const approvedBy = decisions.map(({ person }) => person);
      this.granted = { ...proposal, fileConfigHash: this.configHash, approvedBy };
      if (proposal.step === 0) this.halts = [];
      this.mode = this.halts.length === 0 ? 'ACTIVE' : this.mode;
      if (this.diesGoingLive) {
        this.diesGoingLive = false;
        this.halt('startup', 'person');
        throw new Error('the connection was lost');
      }
      return this.taken(commandId, null);
    },
    revokeGoLive: ({ commandId, by, reason }: ControlMethods['revokeGoLive']['params']) => {
      if (this.granted !== null) {
        const { release, attempt } = this.granted;
        this.goLiveEnded = { release, attempt, by, reason };
      }
      this.granted = null;
      const haltId = this.halt('check-failed', 'person', by);
      this.halts = this.halts.map((halt) =>
        halt.haltId === haltId ? { ...halt, reason: `${PERMISSION_ENDED}${reason}` } : halt,
      );
      return this.taken(commandId, haltId);
    },
    bars: ({ symbol, count }: ControlMethods['bars']['params']) => ({
      symbol,
      source: 'simulated-303-seed-7',
      bars: this.bars.slice(-count),
    }),
    equity: ({ after }: ControlMethods['equity']['params']) => ({
      ...{ incarnation: 'scripted', next: after, points: [] },
    }),
    explainCash: ({ commandId }: ControlMethods['explainCash']['params']) => this.taken(commandId, null),
    corporateAction: ({ commandId }: ControlMethods['corporateAction']['params']) => {
      if (this.refusesAction !== null) throw refused(this.refusesAction);
      return this.taken(commandId, null);
    },
    noSplit: ({ commandId }: ControlMethods['noSplit']['params']) => this.taken(commandId, null),
    signal: ({ commandId }: ControlMethods['signal']['params']) => this.taken(commandId, null),
    withdrawSignal: ({ commandId }: ControlMethods['withdrawSignal']['params']) =>
      this.taken(commandId, null),
    reconcile: ({ commandId }: ControlMethods['reconcile']['params']) => {
      if (this.reconciliation !== 'clean') throw refused('the books differ');
      return this.taken(commandId, null);
    },
    flatProof: (): FlatProof => {
      const open = this.staleFlatProofs > 0 ? ['BTC/USDT'] : this.positions;
      this.staleFlatProofs = Math.max(0, this.staleFlatProofs - 1);
      return {
        flat: open.length === 0,
        entriesWorking: this.entriesWorking,
        venuePositions: open.map((symbol) => ({ symbol, quantity: '1' })),
        venueOpenOrders: this.entriesWorking,
        venueOrderIds: this.venueOrderIds ?? this.orders.map(({ clientId }) => clientId),
        readAtWallMs: Date.now(),
        state: this.closeAllState,
        escalated: [],
      };
    },
    heartbeat: () => ({ mode: this.mode, sequence: this.received.length }),
  };

  private reloadTaken(commandId: string) {
    const { configHash, settingsVersion } = this;
    return { ...this.taken(commandId, null), configHash, settingsVersion };
  }

  private taken(commandId: string, haltId: string | null) {
    const done = { commandId, ok: true, haltId, mode: this.mode };
    if (this.offDisk === null) return { ...done, detail: 'done', durable: true };
    return { ...done, detail: `done, but not on disk (${this.offDisk})`, durable: false };
  }
}

function refused(message: string, code = 'refused'): ControlFailure {
  return new ControlFailure({
    code,
    message,
    keptSafe: 'Nothing changed.',
    doThis: 'Look again.',
  });
}
