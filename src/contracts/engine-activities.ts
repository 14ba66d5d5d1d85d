/** Workflows' requests to the trader, and its answers. */
import { addDecimals } from '../domain/decimal.js';
import type { Decision } from '../domain/decision.js';
import { isZero, trimmed } from '../domain/figure-text.js';
import type { GoLiveEnded, GoLiveGrant } from '../domain/go-live-terms.js';
import type { Halt, HaltCause, Mode, ResumeRule } from '../domain/mode.js';
import type { CommandResult, ControlMethods, ReloadResult } from './control.js';
import type { StrategyStatus, TraderStatus } from './trader-status.js';

export interface FlatReading {
  readonly proven: boolean;
  readonly mode: Mode;
  readonly haltId: string | null;
  readonly state: TraderStatus['closeAll'];
  /** Positions still at the venue, as "BTC/USDT 0.5"; at most 100. */
  readonly open: readonly string[];
  readonly venueOpenOrders: number;
  readonly entriesWorking: number;
  readonly marketMs: number;
  readonly simulated: boolean;
}

export interface StopReading {
  readonly proven: boolean;
  readonly mode: Mode;
  readonly haltId: string | null;
  readonly entriesWorking: number;
  readonly marketMs: number;
  readonly simulated: boolean;
}

/** From the readings of the risk gate: "3 %" allowed, "2.40 %" now. */
export function lossesOf({ risk }: Pick<TraderStatus, 'risk'>): IncidentFacts['losses'] {
  return risk
    .filter(({ limit }) => limit === 'daily-loss' || limit === 'drawdown')
    .map(({ limit, value, now }) => ({
      limit,
      usedPct: (Number.parseFloat(now) / Number.parseFloat(value)) * 100,
    }))
    .filter(({ usedPct }) => Number.isFinite(usedPct));
}

/** The parts of the trader's status that playbooks need; small enough for a workflow's history. */
export interface IncidentFacts {
  /** The trader has replayed its journal. */
  readonly begun: boolean;
  readonly mode: Mode;
  readonly reason: string;
  readonly halts: readonly {
    readonly cause: HaltCause;
    readonly by: string;
    readonly reason: string;
    readonly resume: ResumeRule;
  }[];
  readonly entriesWorking: number;
  /** Absent from workers of earlier versions. */
  readonly closeAll?: TraderStatus['closeAll'];
  /** For an instrument traded side by side, each trade: the net may be 0 while trades are open. */
  readonly positions: readonly {
    readonly symbol: string;
    /** Signed text: short positions begin with "-". */
    readonly quantity: string;
    readonly protection: string;
    readonly stopPrice: string | null;
    readonly strategy: string;
    /** For one strategy's part of a position, its whole result so far. */
    readonly unrealised: string;
  }[];
  readonly symbols: readonly string[];
  readonly strategies: readonly Pick<
    StrategyStatus,
    'name' | 'symbol' | 'enabled' | 'trades' | 'wins' | 'realised' | 'lossesInARow' | 'regime' | 'off'
  >[];
  /** Absent from runs of earlier versions, whose amounts had the places of their currency. */
  readonly currency?: string;
  /** How much of each loss limit is used up, in percent. */
  readonly losses: readonly { readonly limit: string; readonly usedPct: number }[];
  readonly venueBreaker: TraderStatus['venueBreaker']['state'];
  readonly venueBreakerDetail: string;
  /** What lifts a halt whose cause is the venue, by the rule in force. */
  readonly venueRule: ResumeRule;
  readonly dataState: TraderStatus['marketData']['state'];
  /** Absent from traders of earlier versions. */
  readonly venueIsUp?: boolean;
  readonly reconciliation: TraderStatus['reconciliation']['state'];
  /** When the account was last compared. Null: never. Absent from workers of earlier versions. */
  readonly reconciledWallMs?: number | null;
  readonly differences: readonly string[];
  readonly sizePct: number;
  /** How a restart treats positions, orders and cash, in words. */
  readonly kept: string;
  readonly equity: string;
  readonly drawdownPct: string;
  readonly dayPnl: string;
  /** Identity of the price source. */
  readonly priceSource: string;
  readonly marketMs: number;
  readonly dayStartMs: number;
}

/**
 * What the venue has of each symbol, as "BTC/USDT 0.5", sorted: trades side by side may be against each other.
 * What nets to nothing is left out.
 */
export function netOf(positions: IncidentFacts['positions']): readonly string[] {
  const nets = new Map<string, string>();
  for (const { symbol, quantity } of positions)
    nets.set(symbol, addDecimals([nets.get(symbol) ?? '0', quantity]));
  return [...nets].flatMap(([symbol, net]) => (isZero(net) ? [] : [`${symbol} ${trimmed(net)}`])).sort();
}

/** What go-live checks while it watches; small enough for a workflow's history. */
export interface LiveFacts {
  readonly mode: Mode;
  readonly reason: string;
  readonly haltId: string | null;
  readonly configHash: string;
  readonly incarnation: string;
  readonly granted: Pick<GoLiveGrant, 'release' | 'attempt' | 'step'> | null;
  /** The newest permission that ended; null: none ever did. Absent from traders of earlier versions. */
  readonly ended?: GoLiveEnded | null;
  readonly fills: number;
  readonly equity: string;
  readonly drawdownPct: string;
  /** Everything that is wrong, in words; at most 10. */
  readonly problems: readonly string[];
}

/** The parts of the trader's status that resumption needs; small enough for a workflow's history. */
export interface TraderSituation {
  readonly mode: Mode;
  readonly reason: string;
  /** The id that arming must quote; null while nothing is halted. */
  readonly haltId: string | null;
  /** Newest first, at most 10. */
  readonly halts: readonly Halt[];
  /** The strictest rule of all active halts; null if there is none. */
  readonly rule: ResumeRule | null;
  readonly configHash: string;
  readonly marketMs: number;
  readonly simulated: boolean;
  readonly reconciliation: TraderStatus['reconciliation']['state'];
  /** In plain words, at most 10. */
  readonly differences: readonly string[];
  /** For halts that end with their trading day: whether it has ended, and when by market time. */
  readonly nextDay: { readonly reached: boolean; readonly atMarketMs: number } | null;
}

interface PersonCommand {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
}

export interface EngineActivities {
  sendStop(command: PersonCommand): Promise<CommandResult>;
  sendCloseAll(command: PersonCommand): Promise<CommandResult>;
  sendKill(command: PersonCommand): Promise<CommandResult>;
  sendHalt(
    command: PersonCommand & { cause: Exclude<HaltCause, 'person' | 'kill'>; resume: ResumeRule },
  ): Promise<CommandResult>;
  proveStopped(patienceMs: number): Promise<StopReading>;
  proveFlat(patienceMs: number): Promise<FlatReading>;
  readSituation(): Promise<TraderSituation>;
  readIncidentFacts(): Promise<IncidentFacts>;
  toggleStrategy(command: ControlMethods['toggle']['params']): Promise<CommandResult>;
  resize(command: ControlMethods['resize']['params']): Promise<CommandResult>;
  reconcile(command: PersonCommand): Promise<CommandResult>;
  reload(command: ControlMethods['reload']['params']): Promise<ReloadResult>;
  readLiveFacts(): Promise<LiveFacts>;
  goLive(command: ControlMethods['goLive']['params']): Promise<CommandResult>;
  arm(
    command: PersonCommand & { haltId: string; configHash: string; decisions: readonly Decision[] },
  ): Promise<CommandResult>;
}
