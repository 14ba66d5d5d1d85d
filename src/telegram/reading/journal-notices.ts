/** Which records of the trader's journal become notices, and in which words. */

import type { Notice } from '../../contracts/notice.js';
import { eventsTold } from '../../desk/notify-schema.js';
import type { Desk } from '../../desk/schema.js';
import { formatDecimal } from '../../domain/decimal.js';
import { grouped } from '../../domain/figure-text.js';
import { type HaltCause, RESUME_WORDS, resumedText } from '../../domain/mode.js';
import type { OrderIntent } from '../../domain/order.js';
import { priceWords } from '../../domain/order-words.js';
import { setupNote } from '../../domain/setup-note.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';

/** Part of an orderly start or end: nobody needs to be woken. */
const QUIET: readonly HaltCause[] = ['startup', 'shutdown'];

/** Halts caused by a failure, with the failure's name: people read what is wrong before what it led to. */
const ERRORS: Partial<Readonly<Record<HaltCause, string>>> = {
  venue: 'Connection lost',
  'stale-data': 'Market data lost',
  reconciliation: 'Books differ',
  'journal-fault': 'Journal not writable',
  'protection-missing': 'Position without a stop',
};

const errorOf = (cause: HaltCause): string =>
  ERRORS[cause] === undefined ? '' : `, ERROR - ${ERRORS[cause]}`;

type Told = Pick<Notice, 'event' | 'severity' | 'about' | 'setup' | 'title' | 'text'>;

/** Null for a record that people are not told of. The same entry always gives the same fingerprint. */
export function noticeOf(desk: Desk, { record, incarnation, sequence }: JournalEntry): Notice | null {
  const told = toldOf(desk, record) ?? askedFor(desk, record);
  return told && { ...told, desk: desk.desk, fingerprint: `journal:${incarnation}:${sequence}` };
}

function toldOf(desk: Desk, record: EngineRecord): Told | null {
  switch (record.type) {
    case 'halt': {
      const { cause, by, reason, resume, mode } = record.halt;
      if (QUIET.includes(cause)) return null;
      return {
        event: 'halt',
        severity: 'critical',
        about: cause,
        title: `${desk.desk}: ${mode}${errorOf(cause)}`,
        text: `${reason}\nCause: ${cause}, by ${by}. Trades again ${RESUME_WORDS[resume]}.`,
      };
    }
    case 'armed':
      return {
        event: 'armed',
        severity: 'info',
        title: `${desk.desk} trades`,
        text: `Trading ${resumedText(record)}`,
      };
    case 'flat.proven':
      return {
        event: 'halt',
        severity: 'info',
        title: `${desk.desk} is flat`,
        text: 'Every position is closed; the venue reports none.',
      };
    case 'flat.escalated':
      return {
        event: 'halt',
        severity: 'critical',
        about: 'close-all-incomplete',
        title: `${desk.desk}: NOT flat`,
        text: `Still open: ${record.symbols.join(', ')}. ${record.reason}\nClose them at the venue by hand.`,
      };
    case 'strategy.toggled':
      return record.automatic ? toggled(desk, record) : null;
    case 'note':
      return record.level === 'alarm'
        ? {
            event: 'warning',
            severity: 'critical',
            about: 'alarm',
            title: `Alarm on ${desk.desk}`,
            text: record.text,
          }
        : null;
    case 'fill':
      return fillTold(desk, record.fill);
    default:
      return null;
  }
}

/** Events that are only reported if the desk file names them: a desk that trades often has many. */
function askedFor(desk: Desk, record: EngineRecord): Told | null {
  const told = oftenTold(desk, record);
  return told !== null && eventsTold(desk.notify).includes(told.event) ? told : null;
}

function oftenTold(desk: Desk, record: EngineRecord): Told | null {
  switch (record.type) {
    case 'note': {
      const setup = setupNote(record);
      if (!setup?.detected) return null;
      const { id, text } = setup;
      return { event: 'setup', severity: 'info', setup: id, title: `Setup Detected - ${id}`, text };
    }
    case 'order.intended':
      return record.order.purpose === 'entry' ? orderPlaced(desk, record.order) : null;
    case 'order.state':
      return record.state === 'rejected'
        ? {
            event: 'order',
            severity: 'warning',
            title: `${desk.desk}: Order Rejected - ${record.clientId}`,
            text: record.reason,
          }
        : null;
    case 'halt': {
      const { cause, reason } = record.halt;
      if (!QUIET.includes(cause)) return null;
      const did = cause === 'startup' ? 'started' : 'stopped';
      return { event: 'system', severity: 'info', title: `${desk.desk}: System ${did}`, text: reason };
    }
    default:
      return null;
  }
}

function orderPlaced(desk: Desk, order: OrderIntent): Told | null {
  const listed = desk.instruments[order.instrument];
  if (!listed) return null;
  const { symbol, tickSize, lotSize } = listed;
  const at = priceWords(order, (ticks) => grouped(formatDecimal(ticks, tickSize)));
  const quantity = grouped(formatDecimal(order.quantityLots, lotSize));
  const title = `${desk.desk}: Order Placed - ${order.side} ${quantity} ${symbol}${at}`;
  return { event: 'order', severity: 'info', title, text: `By ${order.strategy}.` };
}

function toggled(desk: Desk, record: Extract<EngineRecord, { type: 'strategy.toggled' }>): Told {
  return {
    event: 'warning',
    severity: 'warning',
    title: `${desk.desk}: ${record.strategy} switched ${record.enabled ? 'on' : 'off'}`,
    text: `By itself: ${record.reason}`,
  };
}

function fillTold(desk: Desk, fill: Extract<EngineRecord, { type: 'fill' }>['fill']): Told | null {
  const listed = desk.instruments[fill.instrument];
  if (!listed) return null;
  const { symbol, tickSize, lotSize } = listed;
  const quantity = grouped(formatDecimal(fill.quantityLots, lotSize));
  const price = grouped(formatDecimal(fill.priceTicks, tickSize));
  return {
    event: 'fill',
    severity: 'info',
    title: `${desk.desk}: Order Filled - ${fill.side} ${quantity} ${symbol} at ${price}`,
    text: '',
  };
}
