/**
 * A person closes one position at the market, in any mode. Nothing else changes: on an active desk the
 * strategy may enter again. A halt (REDUCING aside) or a restart before the close is done leaves the rest,
 * with its stop; the person must ask again.
 */
import { closedWords } from '../../domain/sessions/session-words.js';
import { type Core, markChanged, note, positionAt, progressAt, sessionsAt } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { isDust } from '../flow/dust.js';
import { isMarketOpen } from '../flow/session.js';
import { openLots } from '../state.js';
import { REPAIR_DISK } from './arm.js';
import { done, refused } from './outcome.js';

type ClosePosition = Extract<Command, { readonly name: 'closePosition' }>;

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
