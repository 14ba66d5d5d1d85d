/** What of the trader's journal people are told, and in which words. */

import type { Notice } from '../../contracts/notice.js';
import type { Desk } from '../../desk/schema.js';
import { formatDecimal } from '../../domain/decimal.js';
import { type HaltCause, resumedText } from '../../domain/mode.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';

/** Part of an orderly start or end: nobody needs to be woken up. */
const QUIET: readonly HaltCause[] = ['startup', 'shutdown'];

type Told = Pick<Notice, 'event' | 'severity' | 'about' | 'title' | 'text'>;

/** Null for what is not told. The same entry always gives the same fingerprint. */
export function noticeOf(desk: Desk, { record, incarnation, sequence }: JournalEntry): Notice | null {
  const told = toldOf(desk, record);
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
        title: `${desk.desk}: ${mode}`,
        text: `${reason}\nCause: ${cause}, by ${by}. Trades again by: ${resume}.`,
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
  const quantity = formatDecimal(fill.quantityLots, lotSize);
  const price = formatDecimal(fill.priceTicks, tickSize);
  return {
    event: 'fill',
    severity: 'info',
    title: `${desk.desk}: ${fill.side} ${quantity} ${symbol} at ${price}`,
    text: '',
  };
}
