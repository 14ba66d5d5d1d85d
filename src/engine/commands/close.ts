/**
 * What closes positions or cancels an entry at a person's word: close all, kill, one position, one entry.
 */

import { REPAIR_DISK } from '../../domain/mode.js';
import { closedWords } from '../../domain/sessions/session-calendar.js';
import { type Core, markChanged, note, positionAt, progressAt, sessionsAt } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { isDust, isTradable } from '../flow/dust.js';
import { beginCloseAll } from '../flow/prove-flat.js';
import { isMarketOpen } from '../flow/session.js';
import { haltWhy, raiseHalt } from '../halts.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { type OrderEntry, openLots } from '../state.js';
import { done, refused } from './outcome.js';

/** Close all: halt, cancel entries, flatten, prove flat. A repeated close-all restarts the deadline. */
export function closeAll(core: Core, event: CommandEvent): CommandOutcome {
  const { by, reason } = event;
  raiseHalt(core, { mode: 'HALTED', by, reason, ...haltWhy(core.config, 'person') });
  if (core.journalFault !== null) return cannotClose(core.journalFault);
  beginCloseAll(core, by, reason);
  return done(core, closingWords(core));
}

/** Like a close-all, but arming again needs two people. */
export function kill(core: Core, event: CommandEvent): CommandOutcome {
  const { by, reason } = event;
  raiseHalt(core, { mode: 'KILLED', by, reason, ...haltWhy(core.config, 'kill') });
  if (core.journalFault !== null) return cannotClose(core.journalFault);
  beginCloseAll(core, by, reason);
  return done(core, `killed: two people are needed to arm; ${closingWords(core)}`);
}

/** An order that can't be recorded is never sent, so the desk must not promise to close. */
function cannotClose(detail: string): CommandOutcome {
  const message =
    `the journal can't be written (${detail}), so no closing order can leave; the desk is halted until the ` +
    'trader is restarted, entries are being cancelled, and protective stops stay';
  return refused(
    'journal-fault',
    message,
    `${REPAIR_DISK}, and close all again; or close at the venue itself, and cancel the stops and targets there, too`,
  );
}

function closingWords(core: Core): string {
  const open = core.state.positions.filter((position) =>
    isTradable(core, position.instrument, openLots(position)),
  ).length;
  const positions = open === 1 ? '1 position is' : `${open} positions are`;
  return `${positions} being closed; flat is proven by reading positions back`;
}

type ClosePosition = Extract<Command, { readonly name: 'closePosition' }>;

/**
 * A person closes one position at the market, in any mode. Nothing else changes: on an active desk the
 * strategy may enter again. A halt (REDUCING aside) or a restart before the close is done leaves the rest,
 * with its stop; the person must ask again.
 */
export function closePosition(core: Core, { symbol }: ClosePosition, { by }: CommandEvent): CommandOutcome {
  const { instruments } = core.config;
  const at = instruments.find((instrument) => instrument.symbol === symbol)?.id;
  if (at === undefined) {
    const names = instruments.map((instrument) => instrument.symbol).join(', ');
    return refused('unknown-symbol', `this desk does not trade ${symbol}`, `name one of: ${names}`);
  }
  if (openLots(positionAt(core, at)) === 0) {
    return refused('no-position', `there is no position in ${symbol}`, 'nothing has to be closed');
  }
  if (isDust(core, at)) {
    const message = `what is left of ${symbol} is less than the venue takes in an order`;
    return refused('dust', message, 'leave it: it is sold with the next position');
  }
  if (core.journalFault !== null) {
    const message = `the journal can't be written (${core.journalFault}), so no closing order can leave; its stop stays`;
    return refused(
      'journal-fault',
      message,
      `${REPAIR_DISK}, and close it again; or close it at the venue itself, and cancel its stop and its target there, too`,
    );
  }
  if (!isMarketOpen(core, at)) {
    const words = closedWords(sessionsAt(core, at).calendar, core.marketMs);
    return refused(
      'market-closed',
      `${words}: no closing order would be taken, and its stop stays`,
      'ask again then',
    );
  }
  const because = `${by} closes the position`;
  note(core, 'info', `${symbol}: ${because}`, at);
  Object.assign(progressAt(core, at), {
    exiting: { because, why: 'person' },
    closeAtMs: 0,
    closeRefusals: 0,
  });
  markChanged(core, at);
  return done(core, `${symbol} is being closed at the market; the desk goes on as it was`);
}

type CancelEntry = Extract<Command, { readonly name: 'cancelEntry' }>;

/** A person cancels one resting or waiting entry; nothing else changes. */
export function cancelEntry(core: Core, { clientId }: CancelEntry, { by }: CommandEvent): CommandOutcome {
  if (endWaiting(core, `${by} cancelled it`, (waiting) => waiting.clientId === clientId) > 0)
    return done(core, `the entry ${clientId} waits no more; no order of it was sent`);
  const entry = openOrder(core, clientId);
  if (entry === undefined) {
    const message = `no order ${clientId} is open: it was filled, cancelled, or never this desk's`;
    return refused('unknown-order', message, 'read the status for the orders that are open');
  }
  const { purpose } = entry.intent;
  if (purpose === 'protective') {
    const message = `order ${clientId} is the stop that protects a position, and would be placed again at once`;
    return refused('protects', message, 'close the position instead: its stop goes with it');
  }
  if (purpose !== 'entry') {
    const message = `order ${clientId} closes a position, and would be sent again at once`;
    return refused('closes', message, 'let it be filled');
  }
  // Otherwise the change that its strategy wants would be sent next.
  endWaiting(core, `${by} cancelled the order that it changes`, ({ changes }) => changes === clientId);
  cancelOrder(core, entry, `${by} cancelled it`);
  return done(core, `entry order ${clientId} is being cancelled; what it fills until then is protected`);
}

function openOrder(core: Core, clientId: string): OrderEntry | undefined {
  for (const orders of core.state.live) {
    for (const entry of orders.values()) if (entry.intent.clientId === clientId) return entry;
  }
  return undefined;
}
