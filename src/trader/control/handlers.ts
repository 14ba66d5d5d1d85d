/**
 * What each method of the control socket does. Commands that arrive while the trader starts wait for it, in order.
 */
import type { Socket } from 'node:net';
import type { CommandResult, ControlMethods } from '../../contracts/control.js';
import type { BarsAnswer, FlatProof, TraderStatus } from '../../contracts/trader-status.js';
import { signalRequestOf } from '../../desk/signal-schema.js';
import { messageOf } from '../../domain/message-of.js';
import type { Mode } from '../../domain/mode.js';
import { parseUnits, ppmOfPercent } from '../../domain/money.js';
import type { CommandOutcome } from '../../engine/effect.js';
import type { Command } from '../../engine/event.js';
import type { CommandRequest } from '../running/runner.js';

import type { ControlHandlers } from './connection.js';
import { ControlRefusal } from './control-refusal.js';
import type { DeskAuthority } from './desk-authority.js';

const REMEMBERED_MAX = 1000;

/** Remembers the results of commands, so that a repeated request is answered and not carried out again. */
class CommandMemory<Result> {
  readonly #results = new Map<string, Promise<Result>>();

  /** The first result under `commandId`. A failed one is forgotten, so that it can be tried again. */
  once(commandId: string, carryOut: () => Promise<Result>): Promise<Result> {
    const before = this.#results.get(commandId);
    if (before !== undefined) return before;
    const result = carryOut();
    this.#results.set(commandId, result);
    result.catch(() => this.#results.delete(commandId));
    const oldest = this.#results.keys().next().value;
    if (this.#results.size > REMEMBERED_MAX && oldest !== undefined) this.#results.delete(oldest);
    return result;
  }
}

/** The trader as the control socket commands it. */
export interface CommandedTrader {
  readonly authority: DeskAuthority;
  command(request: CommandRequest): Promise<CommandOutcome>;
  /** Resolves once everything so far is on disk: null, or why it is not. */
  onDisk(): Promise<string | null>;
  mode(): Mode;
  sequence(): number;
  status(): TraderStatus;
  proveFlat(): Promise<FlatProof>;
  /** Shows past bars to strategies that were started again. */
  warmUpAgain(): void;
  /** Null: the desk does not trade this symbol. */
  bars(params: ControlMethods['bars']['params']): BarsAnswer | null;
  follow(socket: Socket, id: unknown, fromSequence: number): void;
}

export interface HandlerParts {
  /** Rejects if the start fails. */
  readonly started: Promise<CommandedTrader>;
  /** Null while it starts. */
  readonly now: () => CommandedTrader | null;
  readonly startingStatus: () => TraderStatus;
  readonly onHeartbeat: (from: 'supervisor' | 'operations') => void;
}

type Asked = { readonly commandId: string; readonly by: string; readonly reason: string };

export function createHandlers(parts: HandlerParts): ControlHandlers {
  const memory = new CommandMemory<CommandResult>();
  const always = async (asked: Asked, command: Command): Promise<CommandResult> =>
    carryOut(await whenStarted(parts), asked, command);
  const once = (asked: Asked, command: (trader: CommandedTrader) => Command): Promise<CommandResult> =>
    memory.once(asked.commandId, async () => {
      const trader = await whenStarted(parts);
      return carryOut(trader, asked, command(trader));
    });
  return {
    status: async () => parts.now()?.status() ?? parts.startingStatus(),
    // What makes the desk safer is carried out each time it is asked for.
    stop: (params) => always(params, { name: 'stop' }),
    halt: (params) => always(params, { name: 'stop', why: { cause: params.cause, resume: params.resume } }),
    closeAll: (params) => always(params, { name: 'closeAll' }),
    kill: (params) => always(params, { name: 'kill' }),
    closePosition: (params) => always(params, { name: 'closePosition', symbol: params.symbol }),
    cancelEntry: (params) => always(params, { name: 'cancelEntry', clientId: params.clientId }),
    arm: (params) =>
      once(params, (trader) => {
        const { haltId, configHash } = params;
        return { name: 'arm', haltId, configHash, ...trader.authority.forArming(params) };
      }),
    claimCoins: (params) =>
      once(params, (trader) => {
        const { symbol, owner, cost } = params;
        trader.authority.forCoins(params);
        return { name: 'claimCoins', symbol, owner, cost };
      }),
    toggle: (params) =>
      once(params, () => ({ name: 'toggle', strategy: params.strategy, enabled: params.enabled })),
    resize: (params) =>
      once(params, (trader) => ({
        name: 'resize',
        sizeFactorPpm: ppmOfPercent(params.sizePct),
        authorised: trader.authority.forSize(params),
      })),
    reload: (params) => reload(parts, params),
    goLive: (params) => once(params, (trader) => ({ name: 'goLive', ...trader.authority.forGoLive(params) })),
    revokeGoLive: (params) => always(params, { name: 'revokeGoLive' }),
    bars: async (params) => barsOf(await whenStarted(parts), params),
    explainCash: (params) =>
      once(params, () => ({
        name: 'explainCash',
        kind: params.kind,
        amount: parseUnits(params.amount),
      })),
    // A signal's own id reveals a repetition: it is answered as before, and recorded again.
    signal: (params) => always(params, { name: 'signal', signal: signalRequestOf(params.signal) }),
    withdrawSignal: ({ source, id, ...params }) => always(params, { name: 'withdrawSignal', source, id }),
    reconcile: (params) => once(params, () => ({ name: 'reconcile' })),
    flatProof: async () => (await whenStarted(parts)).proveFlat(),
    heartbeat: async ({ from }) => {
      parts.onHeartbeat(from);
      const trader = parts.now();
      return { mode: trader?.mode() ?? 'HALTED', sequence: trader?.sequence() ?? 0 };
    },
    follow: (socket, id, { fromSequence }) => followFrom(parts, socket, id, fromSequence),
  };
}

async function reload(
  parts: HandlerParts,
  params: ControlMethods['reload']['params'],
): Promise<ControlMethods['reload']['result']> {
  const trader = await whenStarted(parts);
  const { baseVersion, values } = params;
  // A repeated request finds another version in force and is refused, so nothing is changed twice.
  const approvedBy = trader.authority.forSettings(params);
  const result = await carryOut(trader, params, { name: 'reload', baseVersion, values, approvedBy });
  trader.warmUpAgain();
  const { configHash, settings } = trader.status();
  return { ...result, configHash, settingsVersion: settings.version };
}

function barsOf(trader: CommandedTrader, params: ControlMethods['bars']['params']): BarsAnswer {
  const answer = trader.bars(params);
  if (answer !== null) return answer;
  throw new ControlRefusal({
    code: 'unknown-symbol',
    message: `${params.symbol} is no instrument of this desk`,
    keptSafe: 'Nothing was changed.',
    doThis: 'Ask for a symbol of the desk file.',
  });
}

async function carryOut(trader: CommandedTrader, asked: Asked, command: Command): Promise<CommandResult> {
  const { commandId, by, reason } = asked;
  const outcome = await trader.command({ commandId, by, reason, command });
  // Answered only once it is on disk: a person's stop must survive a crash right afterwards.
  const notOnDisk = await trader.onDisk();
  if (!outcome.ok) {
    throw new ControlRefusal({
      code: outcome.code,
      message: outcome.message,
      keptSafe: 'The desk stays as it is; positions and their stops are not touched.',
      doThis: outcome.doThis,
    });
  }
  const detail =
    notOnDisk === null ? outcome.detail : `${outcome.detail} (done, but not on disk: ${notOnDisk})`;
  return { commandId, ok: true, detail, haltId: outcome.haltId, mode: trader.mode() };
}

async function whenStarted(parts: HandlerParts): Promise<CommandedTrader> {
  try {
    return await parts.started;
  } catch (error) {
    throw new ControlRefusal({
      code: 'not-started',
      message: `the trader did not start: ${messageOf(error)}`,
      keptSafe: 'It has sent no order. Resting stops at the venue are untouched.',
      doThis: 'Put the cause right, then start again (fermata up).',
    });
  }
}

function followFrom(parts: HandlerParts, socket: Socket, id: unknown, fromSequence: number): void {
  const trader = parts.now();
  if (trader === null) {
    throw new ControlRefusal({
      code: 'starting',
      message: 'the trader is replaying its journal',
      keptSafe: 'Nothing was changed.',
      doThis: 'Ask again in a second.',
    });
  }
  if (fromSequence > trader.sequence() + 1) {
    throw new ControlRefusal({
      code: 'ahead-of-journal',
      message: `the journal ends at ${trader.sequence()}, entries from ${fromSequence} on were asked for`,
      keptSafe: 'Nothing was changed.',
      doThis:
        'The journal was replaced or restored: compare incarnation and hash, and read it from the beginning.',
    });
  }
  trader.follow(socket, id, fromSequence);
}
