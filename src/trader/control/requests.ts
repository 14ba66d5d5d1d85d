/**
 * Requests over the control socket, from a client's bytes to the engine's runner and back: how many may be
 * under way, what each method does, and the answer.
 */
import type { Socket } from 'node:net';
import {
  ANSWER_BYTES_MAX,
  type CommandResult,
  type ControlError,
  type ControlMethod,
  type ControlMethods,
  FRAME_BYTES_MAX,
} from '../../contracts/control.js';
import type { BarsAnswer, EquityAnswer, FlatProof, TraderStatus } from '../../contracts/trader-status.js';
import { signalRequestOf } from '../../desk/sent-schemas.js';
import type { SplitRatio } from '../../domain/corporate-action.js';
import type { Mode } from '../../domain/mode.js';
import { parseUnits, ppmOfPercent } from '../../domain/money.js';
import type { Command } from '../../engine/event.js';
import { FREE_MB_MIN, wholeMegabytes } from '../../home/free-space.js';
import { FrameReader } from '../../home/local-socket.js';
import type { Runner } from '../running/runner.js';
import {
  aheadOfJournal,
  answerOf,
  badRequest,
  ControlRefusal,
  diskFull,
  neverStarted,
  stillStarting,
  tooManyRequests,
  unknownSymbol,
} from './control-refusal.js';
import type { DeskAuthority } from './desk-authority.js';
import { type ControlRequest, checkParams, readRequest } from './params.js';

type AnsweredMethod = Exclude<ControlMethod, 'follow'>;

type AnsweredHandlers = {
  readonly [M in AnsweredMethod]: (
    params: ControlMethods[M]['params'],
  ) => Promise<ControlMethods[M]['result']>;
};

export interface ControlHandlers extends AnsweredHandlers {
  /** Takes over the connection until it closes. Throws `ControlRefusal`. */
  readonly follow: (socket: Socket, id: unknown, params: ControlMethods['follow']['params']) => void;
}

/** Accepted even when a connection has so many requests under way that all others are refused. */
const NEVER_QUEUED: ReadonlySet<ControlMethod> = new Set(['stop', 'halt', 'closeAll', 'kill', 'status']);
const UNDER_WAY_MAX = 16;
/** A client that leaves more bytes of answers unread is disconnected. */
const UNREAD_BYTES_MAX = 4 * ANSWER_BYTES_MAX;

export class Connection {
  underWay = 0;
  following = false;
  lastUsed = 0;
  #refused = false;
  readonly #frames = new FrameReader(FRAME_BYTES_MAX);

  constructor(
    readonly socket: Socket,
    readonly handlers: ControlHandlers,
    readonly uses: () => number,
  ) {
    this.lastUsed = uses();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Answers with an error, accepts nothing more and closes. */
  refuse(error: ControlError): void {
    this.#refused = true;
    this.socket.end(`${JSON.stringify({ id: null, error })}\n`);
  }

  #read(chunk: Buffer): void {
    if (this.#refused) return;
    this.lastUsed = this.uses();
    try {
      for (const line of this.#frames.push(chunk)) void this.#request(line);
    } catch {
      this.refuse(badRequest(`expected frames of at most ${FRAME_BYTES_MAX} bytes`).answer);
    }
  }

  async #request(line: string): Promise<void> {
    let id: unknown = null;
    try {
      const request = readRequest(line);
      id = request.id;
      if (this.underWay >= UNDER_WAY_MAX && !NEVER_QUEUED.has(request.method))
        throw tooManyRequests(UNDER_WAY_MAX);
      this.underWay += 1;
      try {
        const result = await this.#carryOut(request);
        if (result !== undefined) this.#write({ id, result });
      } finally {
        this.underWay -= 1;
      }
    } catch (error) {
      this.#write({ id, error: answerOf(error) });
    }
  }

  async #carryOut(request: ControlRequest): Promise<unknown> {
    if (request.method !== 'follow') return await answer(this.handlers, request.method, request.params);
    if (this.following) throw badRequest('expected one follow per connection, found a second');
    this.handlers.follow(this.socket, request.id, checkParams('follow', request.params));
    this.following = true;
    return undefined;
  }

  #write(frame: object): void {
    if (this.socket.destroyed) return;
    this.socket.write(`${JSON.stringify(frame)}\n`);
    if (this.socket.writableLength > UNREAD_BYTES_MAX) this.socket.destroy();
  }
}

function answer<M extends AnsweredMethod>(
  handlers: AnsweredHandlers,
  method: M,
  params: unknown,
): Promise<unknown> {
  return handlers[method](checkParams(method, params));
}

/** The trader as the control socket commands it. */
export interface CommandedTrader {
  readonly authority: DeskAuthority;
  /** Accepts its commands. */
  readonly runner: Pick<Runner, 'command'>;
  /** Resolves once everything so far is on disk: null, or why it is not. */
  onDisk(): Promise<string | null>;
  mode(): Mode;
  sequence(): number;
  status(): TraderStatus;
  proveFlat(): Promise<FlatProof>;
  /** Shows past bars to strategies that were restarted. */
  warmUpAgain(): void;
  /** Converts past bars to the new shares, and shows them to the restarted strategies. */
  splitBars(symbol: string, ratio: SplitRatio): void;
  /** Null: the desk does not trade this symbol. */
  bars(params: ControlMethods['bars']['params']): BarsAnswer | null;
  equity(params: ControlMethods['equity']['params']): EquityAnswer;
  follow(socket: Socket, id: unknown, fromSequence: number): void;
}

interface HandlerParts {
  /** Rejects if the start fails. */
  readonly started: Promise<CommandedTrader>;
  /** Null while the trader starts. */
  readonly now: () => CommandedTrader | null;
  readonly startingStatus: () => TraderStatus;
  /** On the disk of the journal; rejects if it can't be read. */
  readonly freeBytes: () => Promise<number>;
  readonly onHeartbeat: (from: 'supervisor' | 'operations') => void;
}

type Asked = { readonly commandId: string; readonly by: string; readonly reason: string };

/** A command that was carried out. */
interface Done {
  readonly result: CommandResult;
  /** Why it is not on disk; null: it is. */
  readonly notOnDisk: string | null;
}

export function createHandlers(parts: HandlerParts): ControlHandlers {
  const memory = new CommandMemory(parts);
  const carriedOut = async (asked: Asked, command: Command): Promise<Done> =>
    carryOut(await whenStarted(parts), asked, command);
  const always = async (asked: Asked, command: Command): Promise<CommandResult> =>
    answerTo(await carriedOut(asked, command));
  const once = (
    asked: Asked,
    command: (trader: CommandedTrader) => Command | Promise<Command>,
  ): Promise<CommandResult> =>
    memory.once(asked.commandId, async () => {
      const trader = await whenStarted(parts);
      return carryOut(trader, asked, await command(trader));
    });
  const safe = new CommandMemory(parts);
  const unlessItStands = (asked: Asked, command: Command): Promise<CommandResult> => {
    // A person's stop is never one of the desk's own halts, whatever its id.
    const key = JSON.stringify([command, asked.commandId]);
    return safe.unlessItStands(key, stands(parts, command), () => carriedOut(asked, command));
  };
  return {
    status: async () => parts.now()?.status() ?? parts.startingStatus(),
    // Commands that make the desk safer are carried out each time, except when one is delivered twice.
    stop: (params) => unlessItStands(params, { name: 'stop' }),
    halt: (params) =>
      unlessItStands(params, { name: 'stop', why: { cause: params.cause, resume: params.resume } }),
    closeAll: (params) => unlessItStands(params, { name: 'closeAll' }),
    kill: (params) => unlessItStands(params, { name: 'kill' }),
    closePosition: (params) => always(params, { name: 'closePosition', symbol: params.symbol }),
    cancelEntry: (params) => always(params, { name: 'cancelEntry', clientId: params.clientId }),
    arm: (params) =>
      once(params, async (trader) => {
        const { haltId, configHash } = params;
        await refuseOnFullDisk(parts);
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
    goLive: (params) =>
      once(params, async (trader) => {
        // The first step arms; a later one is asked of a desk that trades already.
        if (params.proposal.step === 0) await refuseOnFullDisk(parts);
        return { name: 'goLive', ...trader.authority.forGoLive(params) };
      }),
    revokeGoLive: (params) => always(params, { name: 'revokeGoLive' }),
    bars: async (params) => {
      const answer = (await whenStarted(parts)).bars(params);
      if (answer === null) throw unknownSymbol(params.symbol);
      return answer;
    },
    equity: async (params) => (await whenStarted(parts)).equity(params),
    explainCash: (params) =>
      once(params, () => ({
        name: 'explainCash',
        kind: params.kind,
        amount: parseUnits(params.amount),
      })),
    corporateAction: (params) => takeAction(parts, memory, params),
    noSplit: (params) => once(params, () => ({ name: 'noSplit', symbol: params.symbol })),
    // A signal's own id reveals a repetition: it gets the same answer as before, and is recorded again.
    signal: (params) => always(params, { name: 'signal', signal: signalRequestOf(params.signal) }),
    withdrawSignal: ({ source, id, ...params }) => always(params, { name: 'withdrawSignal', source, id }),
    reconcile: (params) => once(params, () => ({ name: 'reconcile' })),
    flatProof: async () => (await whenStarted(parts)).proveFlat(),
    heartbeat: async ({ from }) => {
      parts.onHeartbeat(from);
      const trader = parts.now();
      return { mode: trader?.mode() ?? 'HALTED', sequence: trader?.sequence() ?? 0 };
    },
    follow: (socket, id, { fromSequence }) => {
      const trader = parts.now();
      if (trader === null) throw stillStarting();
      if (fromSequence > trader.sequence() + 1) throw aheadOfJournal(trader.sequence(), fromSequence);
      trader.follow(socket, id, fromSequence);
    },
  };
}

/** The journal would halt the desk again once nothing is left, with the positions opened since. */
async function refuseOnFullDisk({ freeBytes }: Pick<HandlerParts, 'freeBytes'>): Promise<void> {
  const freeMb = wholeMegabytes(await freeBytes());
  if (freeMb < FREE_MB_MIN) throw diskFull(freeMb, FREE_MB_MIN);
}

/**
 * Whether the result of a stop is still in force. The workflow delivers a stop again if no answer arrived in
 * time. That is not another halt: whoever has decided about the first one must not have to decide again. Once
 * the halt is lifted, or a close-all was given up, the same stop is carried out again.
 */
const stands =
  (parts: HandlerParts, { name }: Command) =>
  ({ haltId }: CommandResult): boolean => {
    const status = parts.now()?.status();
    if (status?.halts.some((halt) => halt.haltId === haltId) !== true) return false;
    return name === 'stop' || status.closeAll === 'running' || status.closeAll === 'flat';
  };

function takeAction(
  parts: HandlerParts,
  memory: CommandMemory,
  { action, ...asked }: ControlMethods['corporateAction']['params'],
): Promise<CommandResult> {
  return memory.once(asked.commandId, async () => {
    const trader = await whenStarted(parts);
    return carryOut(trader, asked, { name: 'corporateAction', action }, () => {
      if (action.kind === 'split') trader.splitBars(action.symbol, action);
    });
  });
}

async function reload(
  parts: HandlerParts,
  params: ControlMethods['reload']['params'],
): Promise<ControlMethods['reload']['result']> {
  const trader = await whenStarted(parts);
  const { baseVersion, values } = params;
  // A repeated request finds another version in force and is refused, so nothing is changed twice.
  const approvedBy = trader.authority.forSettings(params);
  const command = { name: 'reload', baseVersion, values, approvedBy } as const;
  const result = answerTo(await carryOut(trader, params, command, () => trader.warmUpAgain()));
  const { configHash, settings } = trader.status();
  return { ...result, configHash, settingsVersion: settings.version };
}

/**
 * `atOnce`: what the command that was carried out needs before the next price. A minute that ended meanwhile would be
 * the first that a strategy which begins anew sees, and the past would be older than that.
 */
async function carryOut(
  trader: CommandedTrader,
  asked: Asked,
  command: Command,
  atOnce: () => void = () => undefined,
): Promise<Done> {
  const { commandId, by, reason } = asked;
  const outcome = await trader.runner.command({ commandId, by, reason, command });
  if (outcome.ok) atOnce();
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
  const { detail, haltId } = outcome;
  return { result: { commandId, ok: true, detail, haltId, mode: trader.mode() }, notOnDisk };
}

function answerTo({ result, notOnDisk }: Done): CommandResult {
  if (notOnDisk === null) return { ...result, durable: true };
  const detail = `${result.detail}; not on disk (${notOnDisk}): a restart of the trader takes it back`;
  return { ...result, detail, durable: false };
}

const REMEMBERED_MAX = 1000;

/** Remembers the results of commands, so a repeated request is answered, not carried out again. */
class CommandMemory {
  readonly #results = new Map<string, Promise<Done>>();

  constructor(private readonly parts: Pick<HandlerParts, 'started'>) {}

  /** The result under `commandId` while it `stands`; after that, the command is carried out again. */
  async unlessItStands(
    commandId: string,
    stands: (result: CommandResult) => boolean,
    carryOut: () => Promise<Done>,
  ): Promise<CommandResult> {
    const before = this.#results.get(commandId);
    const done = await before?.catch(() => null);
    const isOver = done == null || !stands(done.result);
    if (isOver && this.#results.get(commandId) === before) this.#results.delete(commandId);
    return this.once(commandId, carryOut);
  }

  /** The first result under `commandId`. A failed command is forgotten, so it can be tried again. */
  async once(commandId: string, carryOut: () => Promise<Done>): Promise<CommandResult> {
    const before = this.#results.get(commandId);
    const doing = before === undefined ? carryOut() : this.#lookAgain(before);
    this.#results.set(commandId, doing);
    doing.catch(() => {
      if (this.#results.get(commandId) === doing) this.#results.delete(commandId);
    });
    const oldest = this.#results.keys().next().value;
    if (this.#results.size > REMEMBERED_MAX && oldest !== undefined) this.#results.delete(oldest);
    return answerTo(await doing);
  }

  /** A disk that was only slow may have written it by now. */
  async #lookAgain(before: Promise<Done>): Promise<Done> {
    const done = await before;
    if (done.notOnDisk === null) return done;
    return { ...done, notOnDisk: await (await whenStarted(this.parts)).onDisk() };
  }
}

async function whenStarted(parts: Pick<HandlerParts, 'started'>): Promise<CommandedTrader> {
  try {
    return await parts.started;
  } catch (error) {
    throw neverStarted(error);
  }
}
