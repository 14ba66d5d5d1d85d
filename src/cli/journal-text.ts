/** One line of plain words for an entry of the journal. */
import { formatMoney } from '../domain/money.js';
import type { EngineRecord, JournalEntry } from '../engine/record.js';

export function entryLine(entry: JournalEntry): string {
  const time = new Date(entry.wallMs).toISOString().slice(0, 19);
  return `${String(entry.sequence).padStart(8)}  ${time}Z  ${entry.record.type.padEnd(17)} ${recordText(entry.record)}`;
}

function recordText(record: EngineRecord): string {
  switch (record.type) {
    case 'config':
      return `desk ${record.desk}, configuration ${record.configHash.slice(0, 12)}`;
    case 'order.intended':
    case 'order.denied':
      return orderText(record);
    case 'order.state':
      return `${record.clientId} ${record.state}${record.reason === '' ? '' : `: ${record.reason}`}`;
    case 'fill':
      return `${record.fill.clientId} ${record.fill.side} ${record.fill.quantityLots} lots at ${record.fill.priceTicks} ticks`;
    case 'equity':
      return `${formatMoney(record.equity, 2)}, peak ${formatMoney(record.peak, 2)}, cash ${formatMoney(record.cash, 2)}, unrealised ${formatMoney(record.unrealised, 2)}`;
    case 'halt':
      return `${record.halt.mode} by ${record.halt.by} (${record.halt.cause}): ${record.halt.reason}`;
    case 'armed':
      return `by ${record.by} (${record.authority}): ${record.reason}`;
    case 'command':
      return `${record.name} by ${record.by}: ${record.detail}`;
    case 'reconciled':
      return record.clean ? 'clean' : `${record.differences.length} differences`;
    case 'note':
      return record.text;
    default:
      return restText(record);
  }
}

function orderText(record: Extract<EngineRecord, { type: 'order.intended' | 'order.denied' }>): string {
  const { clientId, side, quantityLots, purpose } = record.order;
  const order = `${clientId} ${side} ${quantityLots} lots (${purpose})`;
  return record.type === 'order.denied' ? `${order}: ${record.reason}` : order;
}

/** Records that are rarely read by people: their fields, as they are. */
function restText(record: EngineRecord): string {
  return Object.entries(record)
    .filter(([key]) => key !== 'type' && key !== 'marketMs')
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}
