/**
 * Arming is the only way back to ACTIVE. It quotes the newest halt and is refused while anything stands in
 * the way.
 */
import { type Halt, REPAIR_DISK, RESUME_RANK } from '../../domain/mode.js';
import { formatUnits } from '../../domain/money.js';
import { isSizeFactor } from '../../limits/size-factor.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { stepsAt } from '../books.js';
import { type Core, commit } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { beginDay, haltOnLoss, recordEquity } from '../flow/equity.js';
import { unprotectedSymbols } from '../flow/secure.js';
import { isMarketOpen } from '../flow/session.js';
import { staleSymbols } from '../flow/stale-data.js';
import { goLiveMissing, isClosing } from '../halts.js';
import { haltsNow, newestHalt } from '../state.js';
import { foreignOrders } from '../sync/reconcile-orders.js';
import { unclaimedSymbols } from './claim-coins.js';
import { done, refused } from './outcome.js';
import { badSize, setSizeFactor } from './resize.js';

type Arm = Extract<Command, { readonly name: 'arm' }>;

export function arm(
  core: Core,
  command: Arm,
  event: CommandEvent,
  how: { readonly goLive?: true } = {},
): CommandOutcome {
  const refusal = goLiveMissing(core) ?? armingRefusal(core, command);
  if (refusal !== null) return refusal;
  const { haltId, authority, sizeFactorPpm, said } = command;
  const lifted = core.state.halts;
  const { by, reason } = event;
  if (sizeFactorPpm !== undefined) setSizeFactor(core, sizeFactorPpm, event);
  const words = said === undefined ? {} : { said };
  commit(core, { type: 'armed', haltId, by, reason, authority, ...words, ...how, marketMs: core.marketMs });
  countLossesAnew(core, lifted);
  // A limit may have been passed while the desk was halted for something else.
  haltOnLoss(core);
  const again = newestHalt(core.state);
  return done(
    core,
    again === null
      ? 'armed: the desk is ACTIVE'
      : `armed, and halted again at once: ${again.reason}. Whoever resumes decides on that`,
  );
}

/** Null: nothing stands in the way of arming, except perhaps a missing go-live. */
export function armingRefusal(core: Core, command: Arm): CommandOutcome | null {
  return (
    wrongPapers(core, command) ?? insufficientAuthority(core, command) ?? wrongSize(command) ?? notReady(core)
  );
}

function wrongPapers(core: Core, command: Arm): CommandOutcome | null {
  const newest = newestHalt(core.state);
  if (newest === null) return refused('not-halted', 'the desk is not halted', 'nothing has to be done');
  if (command.haltId !== newest.haltId) {
    const message = `the decision is about another halt; since then: ${newest.reason}`;
    return refused('stale-halt-id', message, 'look at the newest halt and decide on that one');
  }
  if (command.configHash !== core.config.configHash) {
    const message = 'the decision was made on another version of the desk file';
    return refused('config-changed', message, 'check the desk file and decide again');
  }
  return null;
}

/** The strictest of all active halts decides. */
function insufficientAuthority(core: Core, command: Arm): CommandOutcome | null {
  for (const halt of haltsNow(core.state)) {
    if (isSatisfied(core, halt, command.authority)) continue;
    return refused('authority', `"${halt.reason}" is not lifted by this`, needs(halt));
  }
  return null;
}

/** Only people may choose a size; a rule arms with the current one. */
function wrongSize({ sizeFactorPpm, authority }: Arm): CommandOutcome | null {
  if (sizeFactorPpm === undefined) return null;
  return isSizeFactor(sizeFactorPpm) && authority !== 'rule' ? null : badSize();
}

function isSatisfied(core: Core, halt: Halt, authority: Arm['authority']): boolean {
  if (authority === 'two-people') return true;
  if (authority === 'person') return RESUME_RANK[halt.resume] <= RESUME_RANK.person;
  if (halt.resume === 'auto') return true;
  return halt.resume === 'next-day' && dayHasChanged(core, halt);
}

function dayHasChanged(core: Core, halt: Halt): boolean {
  return core.config.dayStartMs(core.marketMs) > core.config.dayStartMs(halt.atMarketMs);
}

/** What a halt is waiting for, in plain words. */
export function needs(halt: Halt): string {
  switch (halt.resume) {
    case 'auto':
      return 'resumes by itself once every check is clean';
    case 'next-day':
      return 'the next trading day, or a person who resumes earlier';
    case 'person':
      return 'a person who resumes trading';
    case 'two-people':
      return 'two people who resume trading';
  }
}

function notReady(core: Core): CommandOutcome | null {
  const obstacle = armingObstacle(core);
  if (obstacle === null) return null;
  return refused(obstacle.code, obstacle.message, obstacle.doThis);
}

interface Obstacle {
  readonly code: string;
  readonly message: string;
  readonly doThis: string;
}

/** The desk never does it: the order may be somebody's only protection. */
export const CANCEL_FOREIGN = "a person cancels it in the venue's own app";

function whyNot({ sync }: Core): string {
  return sync.unsettled === null ? '' : ` (${sync.unsettled.why})`;
}

/** Null: only the decision itself is missing. */
export function armingObstacle(core: Core): Obstacle | null {
  const wait = 'wait for it, or look at the trader status to see what is missing';
  const { market, monotonicMs, config } = core;
  // First: nothing else is put right before it, and waiting does not help.
  if (core.journalFault !== null) {
    return {
      code: 'journal-fault',
      message: `the journal can't be written (${core.journalFault})`,
      doThis: REPAIR_DISK,
    };
  }
  const { unexplained } = core.sync.cash;
  if (unexplained !== null) {
    return {
      code: 'not-reconciled',
      message: `the venue's cash differs from ours by ${formatUnits(unexplained)} ${stepsAt(core.state, 0).quote}, and nothing explains it`,
      doThis: 'a person says what it was: fermata cash explain',
    };
  }
  const foreign = foreignOrders(core);
  if (foreign !== null) {
    return {
      code: 'not-reconciled',
      message: `the venue holds what is not the desk's: ${foreign}`,
      doThis: CANCEL_FOREIGN,
    };
  }
  if (core.sync.state !== 'clean') {
    return {
      code: 'not-reconciled',
      message: `orders and positions are not yet reconciled with the venue${whyNot(core)}`,
      doThis: wait,
    };
  }
  if (hasUnknownOrders(core)) {
    return {
      code: 'unknown-orders',
      message: 'the fate of at least one order is still unknown',
      doThis: wait,
    };
  }
  if (isClosing(core)) {
    return { code: 'closing', message: 'positions are still being closed', doThis: wait };
  }
  const unclaimed = unclaimedSymbols(core);
  if (unclaimed.length > 0) {
    return {
      code: 'unclaimed-coins',
      message: `coins in the account are nobody's: ${unclaimed.join(', ')}`,
      doThis: 'a person says whose they are: fermata coins',
    };
  }
  const bare = unprotectedSymbols(core);
  if (bare.length > 0) {
    return {
      code: 'unprotected',
      message: `no protective stop rests for ${bare.join(', ')}`,
      doThis: `${wait}; close the position where no stop can be placed: fermata close-all`,
    };
  }
  if (core.venueDownSinceMs !== null) {
    return { code: 'venue-down', message: `the venue is down: ${core.venueDownWhy}`, doThis: wait };
  }
  if (core.venueBreaker.state === 'open') {
    return { code: 'venue-breaker', message: "the venue's API breaker is open", doThis: wait };
  }
  if (core.feedEnded) {
    return {
      code: 'feed-ended',
      message: 'the recording has ended',
      doThis: 'start with another recording or market',
    };
  }
  const open = config.instruments.filter(({ id }) => isMarketOpen(core, id));
  const isSilent =
    market.freshestMonotonicMs < 0 || monotonicMs - market.freshestMonotonicMs > staleMsOf(config.risk);
  if (isSilent && open.length > 0) {
    return { code: 'data-stale', message: 'there is no fresh price', doThis: wait };
  }
  if (!market.isPriced) {
    return { code: 'data-stale', message: 'a position has no price yet', doThis: wait };
  }
  const stale = staleSymbols(core);
  if (stale.length > 0) {
    return { code: 'data-stale', message: `there is no fresh price of ${stale.join(', ')}`, doThis: wait };
  }
  return null;
}

function hasUnknownOrders(core: Core): boolean {
  return core.state.live.some((orders) =>
    [...orders.values()].some(({ state }) => state === 'unknown' || state === 'intended'),
  );
}

/** After a loss halt is lifted, losses count from here; otherwise the next quote would halt again. */
function countLossesAnew(core: Core, lifted: readonly Halt[]): void {
  const { equity } = core.market;
  if (equity <= core.limits.dailyFloor && lifted.some(({ cause }) => cause === 'daily-loss'))
    beginDay(core, core.config.dayStartMs(core.marketMs));
  if (lifted.some(({ cause }) => cause === 'drawdown')) recordEquity(core, equity);
}
