/**
 * Which month each instrument that is rolled stands for. The journal has it: the configuration of the last start, or the
 * roll that people approved since. Where it says nothing, as at the first start, the calendar does.
 */
import type { Desk } from '../desk/schema.js';
import { CONTRACT_ZONE, type ContractMonth, monthInForceAt } from '../domain/sessions/contract-months.js';
import { monthKey } from '../domain/settings-change.js';
import type { EngineRecord } from '../engine/record.js';
import { readJournal } from './journal/read-journal.js';
import { zoneOffset } from './zone-offset.js';

export const rollsAny = ({ instruments }: Pick<Desk, 'instruments'>): boolean =>
  instruments.some(({ roll }) => roll !== undefined);

/** By symbol. Reads the journal once, and only for a desk that rolls something. */
export function monthsInForce(
  desk: Pick<Desk, 'instruments'>,
  journalDirectory: string,
  nowMs: number,
): ReadonlyMap<string, ContractMonth> {
  if (!rollsAny(desk)) return new Map();
  const rolled = desk.instruments.filter(({ roll }) => roll !== undefined);
  const months = new Map<string, ContractMonth>();
  for (const { record } of readJournal(journalDirectory)) takeMonths(months, record);
  return new Map(
    rolled.map(({ symbol, roll }) => [
      symbol,
      months.get(symbol) ?? monthInForceAt(nowMs, roll ?? 'monday-before-expiry', zoneOffset(CONTRACT_ZONE)),
    ]),
  );
}

function takeMonths(months: Map<string, ContractMonth>, record: EngineRecord): void {
  if (record.type === 'config')
    for (const { symbol, contractMonth } of record.instruments)
      if (contractMonth === undefined) months.delete(symbol);
      else months.set(symbol, contractMonth);
  if (record.type !== 'settings') return;
  for (const { key, to } of record.changes)
    for (const symbol of months.keys())
      if (key === monthKey(symbol) && typeof to === 'string') months.set(symbol, to);
}
