/** The start: whatever the journal says, the desk begins HALTED and reads the venue before anything else. */
import { PAPER_ACCOUNT } from '../../domain/account-name.js';
import type { DeclaredValue } from '../../domain/declared-value.js';
import { counted } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { type HaltWhy, resumeWords } from '../../domain/mode.js';
import { writeUnits } from '../../domain/money.js';
import { FINAL_ORDER_STATES } from '../../domain/order.js';
import { isTooSmall } from '../../domain/order-bounds.js';
import { isMonthKey } from '../../domain/settings-change.js';
import { isOpenAt, rolledPlaces, sameInstruments } from '../apply-config.js';
import { averageTicks, fundsOf, heldPositions } from '../books.js';
import {
  type Core,
  commit,
  liveOrders,
  markAllChanged,
  note,
  progressAt,
  setTime,
  tellClosedTrades,
  wantSnapshot,
  watchLosses,
} from '../core.js';
import type { Stamp } from '../event.js';
import { haltWhy, isClosing, needsGoLive, raiseHalt } from '../halts.js';
import { sendLookup } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { fillsSince } from '../orders/on-fill.js';
import { onUnanswered } from '../orders/order-events.js';
import { doubtGroup, watchOf } from '../orders/order-watch.js';
import { bringIntoForce, stillChanged } from '../settings/apply-settings.js';
import { type SettingValues, settingValues } from '../settings/setting-specs.js';
import { openLots, type PositionEntry } from '../state.js';
import { noteHeld } from '../sync/reconcile-positions.js';
import { FILL_OVERLAP_MARKET_MS } from '../timing.js';
import { beginDay, onMinute } from './equity.js';
import { startClosingClock } from './prove-flat.js';
import { watchSessions } from './session.js';
import { handActionsAgain } from './split.js';

/** Null: the desk has begun. Otherwise a sentence on why it must not start with this journal. */
export function begin(core: Core, stamp: Stamp): string | null {
  setTime(core, stamp);
  const refusal = whyNotBegin(core);
  if (refusal !== null) return refusal;
  tellClosedTrades(core);
  endWaiting(core, 'the trader was started again');
  takeUpSettings(core);
  recordConfig(core);
  endOldGoLive(core);
  core.market.hold(heldPositions(core.state), fundsOf(core.state));
  core.limits.peak = core.market.isPriced ? Math.max(core.state.peak, core.market.equity) : core.state.peak;
  core.begun = true;
  core.sync.cash.fillsAgreed = core.state.counters.fills - fillsSince(core, core.state.fillsThroughMs);
  core.begunAtMs = core.monotonicMs;
  watchSessions(core);
  startDay(core);
  watchLosses(core);
  const why = haltWhy(core.config, 'startup');
  raiseHalt(core, {
    mode: 'HALTED',
    by: 'fermata',
    reason: `the trader started; it trades again ${whenAgain(core, why)}`,
    ...why,
  });
  for (const { id } of core.config.instruments) askAboutOrders(core, id);
  handActionsAgain(core);
  doubtLateLists(core);
  if (isClosing(core)) startClosingClock(core);
  markAllChanged(core);
  wantSnapshot(core);
  return null;
}

function whenAgain(core: Core, { resume }: HaltWhy): string {
  if (needsGoLive(core)) return 'only with a go-live that people approve';
  return resume === 'auto' ? 'once everything is checked' : resumeWords(resume, false);
}

/**
 * The trader may have ended right after a fill: the position before the fill is no longer known. Or after one that the
 * venue never named: then whatever it shows counts.
 */
function doubtLateLists(core: Core): void {
  for (const { id } of core.config.instruments) {
    const mayBeClosed = core.state.mayBeClosed.has(id);
    if (mayBeClosed) progressAt(core, id).mayBeClosed = true;
    else if (fillsSince(core, core.marketMs - FILL_OVERLAP_MARKET_MS, id) > 0) noteHeld(core, id, null);
  }
}

/**
 * Positions and orders are counted in steps of their instrument, so the steps must not change while any are
 * open.
 */
export function whyNotBegin(core: Core): string | null {
  const { state, config } = core;
  const before = state.config;
  if (before === null) return null;
  const account = config.account ?? PAPER_ACCOUNT;
  if (before.account !== account) return otherAccount(before.account, account);
  if (config.accountId !== undefined && (before.accountId ?? config.accountId) !== config.accountId)
    return otherAccount(
      `the account ${before.accountId}`,
      `the account ${config.accountId}`,
      'the key is of',
    );
  if (sameInstruments(before.instruments, config.instruments)) return null;
  const rolled = rolledPlaces(before.instruments, config.instruments);
  if (rolled !== null) return whyNotOtherMonths(core, before.instruments, rolled);
  const held = state.positions.filter(
    (position) => openLots(position) !== 0 && !isLeftover(core, position, before.instruments),
  );
  const resting = state.live.some((orders) => orders.length > 0);
  if (held.length === 0 && !resting) return null;
  const symbols = held.map(({ instrument }) => before.symbols[instrument] ?? '?').join(', ');
  const what = held.length > 0 ? `positions in ${symbols} are open` : 'orders are open';
  return (
    `the desk file's instruments changed while ${what}: nothing was started and nothing was changed. ` +
    `Start with the former instruments (${before.symbols.join(', ')}), close all, then change them.`
  );
}

/** Only positions and orders in a rolled future prevent the start; those in others go on as at any start. */
function whyNotOtherMonths(
  { state, config }: Core,
  before: readonly Instrument[],
  rolled: readonly number[],
): string | null {
  const open = rolled.filter((at) => isOpenAt(state, at));
  if (open.length === 0) return null;
  const months = open.map((at) => {
    const [old, now] = [before[at]?.contractMonth, config.instruments[at]?.contractMonth];
    return `${before[at]?.symbol} stands for ${now ?? 'the front month'}, and what is open in it is of ${old ?? 'the month that was the front month'}`;
  });
  return (
    `${months.join('; ')}: nothing was started and nothing was changed. Start with the former desk file (without roll, ` +
    'with the former contractMonth), close all, then change it.'
  );
}

/**
 * Too small to sell, judged by its cost since there is no price yet. The leftover is converted to the new
 * steps, or left behind with its symbol.
 */
function isLeftover({ state }: Core, position: PositionEntry, instruments: readonly Instrument[]): boolean {
  const instrument = instruments[position.instrument];
  if (instrument?.kind !== 'spot' || position.quantityLots < 0) return false;
  return isTooSmall(instrument, position.quantityLots, averageTicks(state, position));
}

function otherAccount(before: string, now: string, says = 'the desk file asks for'): string {
  return (
    `this journal tells of trading on ${before}, and ${says} ${now}: positions and money of one are not ` +
    "those of the other. Nothing was started. Give the desk file a name of its own (desk: …), or move the desk's folder away."
  );
}

/**
 * Settings changed while the desk ran stay in force, unless an edit of the desk file has changed the value
 * since.
 */
function takeUpSettings(core: Core): void {
  const { settings, config } = core.state;
  const changed = stillChanged(settings, core.base);
  bringIntoForce(core, changed);
  const fileValues = settingValues(core.base);
  const lost = Object.entries(settings.changed).filter(
    ([key, value]) => !(key in changed) && !isTakenOver(key, value, fileValues),
  );
  if (lost.length === 0 || config === null) return;
  commit(core, {
    type: 'settings',
    version: settings.version + 1,
    changes: lost.map(([key, from]) => ({ key, from, to: fileValues[key] ?? from })),
    changed,
    fileValues: Object.fromEntries(
      Object.keys(changed).map((key) => [key, fileValues[key] as DeclaredValue]),
    ),
    configHash: core.config.configHash,
    by: 'fermata',
    reason: 'the desk file was edited since: it counts for what it changed',
    approvedBy: [],
    marketMs: core.marketMs,
  });
}

/** The month that people rolled to is now the instrument's own, so it is no longer a change. */
const isTakenOver = (key: string, value: DeclaredValue, now: SettingValues): boolean =>
  isMonthKey(key) && now[key] === value;

/** A go-live is for exactly this configuration and this journal. */
function endOldGoLive(core: Core): void {
  const { goLive } = core.state;
  if (goLive === null) return;
  const otherFile = goLive.fileConfigHash !== core.base.configHash;
  if (!otherFile && goLive.incarnation === core.config.incarnation) return;
  const reason = otherFile ? 'the desk file was changed since' : 'the journal was restored or begun anew';
  commit(core, { type: 'golive.voided', by: 'fermata', reason, marketMs: core.marketMs });
  bringIntoForce(core, core.state.settings.changed);
}

/**
 * Also written under a new incarnation, and if market time went back on the paper account that names no price
 * source, where a recording may replace a live market. On every other account, market time never goes back
 * behind its fills, whatever a clock or a recording says: the venue lists them again, and they would be
 * booked twice.
 */
function recordConfig(core: Core): void {
  const { config, state } = core;
  const before = state.config;
  const accountId = config.accountId ?? before?.accountId ?? null;
  const isOfAnyPrices = (config.account ?? PAPER_ACCOUNT) === PAPER_ACCOUNT;
  const marketMs = isOfAnyPrices
    ? core.marketMs
    : Math.max(core.marketMs, state.newestFillMs, state.fillsThroughMs);
  const unchanged =
    before !== null &&
    before.configHash === config.configHash &&
    before.accountId === accountId &&
    before.desk === config.desk &&
    sameInstruments(before.instruments, config.instruments);
  const earlier = marketMs < state.newestFillMs;
  if (unchanged && !earlier && state.incarnations.has(config.incarnation)) return;
  commit(core, {
    type: 'config',
    configHash: config.configHash,
    desk: config.desk,
    symbols: config.instruments.map(({ symbol }) => symbol),
    instruments: config.instruments,
    startingCash: writeUnits(BigInt(before?.startingCash ?? config.startingCash)),
    incarnation: config.incarnation,
    ...(config.account === undefined ? {} : { account: config.account }),
    ...(accountId === null ? {} : { accountId }),
    ...(before === null && config.historyBeginsMs !== undefined
      ? { historyBeginsMs: config.historyBeginsMs }
      : {}),
    marketMs,
  });
}

/**
 * The day may go back only here: the market may be a different one after a restart. A later day begins once
 * it has prices.
 */
function startDay(core: Core): void {
  const startMs = core.config.dayStartMs(core.marketMs);
  const { day } = core.state;
  if (day === null || startMs < day.startMs) beginDay(core, startMs);
  onMinute(core);
}

/** These orders were sent before the end, or never: only the venue knows. */
function askAboutOrders(core: Core, at: number): void {
  for (const entry of liveOrders(core, at)) {
    watchOf(core, entry.intent.clientId);
    doubtGroup(core, entry);
    if (entry.state === 'intended') {
      onUnanswered(core, entry, 'the trader ended before the answer came');
    } else {
      sendLookup(core, entry);
    }
  }
  const open = liveOrders(core, at).filter(({ state }) => !FINAL_ORDER_STATES.has(state)).length;
  if (open > 0)
    note(core, 'info', `${counted(open, 'order')} from before the start to be looked up at the venue`, at);
}
