/**
 * The control socket's protocol. Unix socket in a 0700 folder, newline-delimited JSON, requests of at most 64 KiB and
 * answers of at most 1 MiB: request `{v:1,id,method,params}`, answer `{id,result}` or
 * `{id,error:{code,message,keptSafe,doThis}}`; `follow` answers with many `{id,entry}` frames. `stop`, `closeAll`,
 * `kill` and `status` never queue behind `follow`.
 */

import type { CashKind, CoinOwner } from '../domain/cash-and-coins.js';
import type { CorporateAction } from '../domain/corporate-action.js';
import type { Decision } from '../domain/decision.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { GoLiveProposal } from '../domain/go-live-terms.js';
import type { Halt, Mode } from '../domain/mode.js';
import type { SignalBody } from '../domain/signal.js';
import type { JournalEntry } from '../engine/record.js';
import type { BarsAnswer, EquityAnswer, FlatProof, TraderStatus } from './trader-status.js';

/** A journal entry as sent over the socket. */
export interface FollowedEntry extends JournalEntry {
  /** With the last entry of a commit group: the whole group as on disk, base64. */
  readonly groupBytes?: string;
}

export const CONTROL_PROTOCOL_VERSION = 1;

export const FRAME_BYTES_MAX = 64 * 1024;

export const ANSWER_BYTES_MAX = 1024 * 1024;

export interface CommandResult {
  readonly commandId: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly haltId: string | null;
  readonly mode: Mode;
  /** False: it is not on disk, so a restart of the trader takes it back. Absent: a trader of an earlier version. */
  readonly durable?: boolean;
}

export const isDurable = ({ durable }: Pick<CommandResult, 'durable'>): boolean => durable !== false;

export interface ReloadResult extends CommandResult {
  readonly configHash: string;
  readonly settingsVersion: number;
}

export interface ControlMethods {
  status: { params: Record<string, never>; result: TraderStatus };
  stop: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** A halt by a part of Fermata (check, auditor, ledger), with its cause and resume rule. */
  halt: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      /** A person's stop and kill have their own methods. */
      cause: Exclude<Halt['cause'], 'person' | 'kill'>;
      resume: Halt['resume'];
    };
    result: CommandResult;
  };
  closeAll: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  kill: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** Closes one position at the market, in every mode; the desk's mode doesn't change. */
  closePosition: {
    params: { commandId: string; by: string; reason: string; symbol: string };
    result: CommandResult;
  };
  /** Cancels one resting entry; an order that protects or closes a position is refused. */
  cancelEntry: {
    params: { commandId: string; by: string; reason: string; clientId: string };
    result: CommandResult;
  };
  /**
   * Without decisions it relies on the desk file's rule, which the trader itself checks against every active
   * halt.
   */
  arm: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      haltId: string;
      configHash: string;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** Assigns nobody's coins, by a decision on `coinsSubject`. `cost`: per coin, if they are the desk's. */
  claimCoins: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      symbol: string;
      owner: CoinOwner;
      cost: string | null;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  toggle: {
    params: { commandId: string; by: string; reason: string; strategy: string; enabled: boolean };
    result: CommandResult;
  };
  /**
   * New settings, applied at once. `values`: only the keys to change. Without an approval they may only tighten;
   * refused if `baseVersion` is not the version in force.
   */
  reload: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      baseVersion: number;
      values: Readonly<Record<string, DeclaredValue>>;
      /** Empty if there is none. */
      approvalId: string;
      decisions: readonly Decision[];
    };
    result: ReloadResult;
  };
  /** What people approved: step 0 arms the desk for the first time with real money, later steps raise its size. */
  goLive: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      proposal: GoLiveProposal;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** Ends the permission, and trading with it. Anybody may call it. */
  revokeGoLive: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /**
   * Finished one-minute bars from the trader's memory, at most 1000: the newest ones that began at `sinceMs` or later.
   */
  bars: { params: { symbol: string; count: number; sinceMs: number }; result: BarsAnswer };
  /**
   * The equity curve from the trader's memory, at most 1000 points, after skipping this process's first
   * `after`.
   */
  equity: { params: { after: number; count: number }; result: EquityAnswer };
  /**
   * Position size in percent of the full size. Smaller applies at once; larger needs a decision on
   * `sizeSubject`.
   */
  resize: {
    params: {
      commandId: string;
      by: string;
      reason: string;
      sizePct: number;
      decisions: readonly Decision[];
    };
    result: CommandResult;
  };
  /** Applies a stock's split or dividend from now on. */
  corporateAction: {
    params: { commandId: string; by: string; reason: string; action: CorporateAction };
    result: CommandResult;
  };
  /** Confirms that an apparent split at the venue is none; the venue's quantity then counts. */
  noSplit: {
    params: { commandId: string; by: string; reason: string; symbol: string };
    result: CommandResult;
  };
  /** Explains all or part of a difference in cash. `amount`: signed decimal, the change of the balance. */
  explainCash: {
    params: { commandId: string; by: string; reason: string; kind: CashKind; amount: string };
    result: CommandResult;
  };
  /**
   * A signal from outside; a refusal names the field or the reason. Sending the same source, id and revision
   * again changes nothing.
   */
  signal: {
    params: { commandId: string; by: string; reason: string; signal: SignalBody };
    result: CommandResult;
  };
  /** Withdraws all revisions of a signal, in every mode, and cancels its entry. */
  withdrawSignal: {
    params: { commandId: string; by: string; reason: string; source: string; id: string };
    result: CommandResult;
  };
  reconcile: { params: { commandId: string; by: string; reason: string }; result: CommandResult };
  /** Reads positions and open orders from the venue now. */
  flatProof: { params: Record<string, never>; result: FlatProof };
  /** `operations`: from the engine worker, only while Temporal and the operations worker make progress. */
  heartbeat: { params: { from: 'supervisor' | 'operations' }; result: { mode: Mode; sequence: number } };
  /**
   * Entries from `fromSequence` on, then live ones; answered as `{id, entry}` frames until the socket closes. `{id,
   * group}` comes before the last entry of a commit group: its bytes on disk, base64.
   */
  follow: { params: { fromSequence: number }; result: FollowedEntry };
}

export type ControlMethod = keyof ControlMethods;

export interface ControlError {
  readonly code: string;
  readonly message: string;
  /** What was kept safe despite the error. */
  readonly keptSafe: string;
  readonly doThis: string;
}
