/** The type byte of each record. Numbers are part of the file format: never reused, only added. */
import type { EngineRecord } from '../../engine/record.js';

export const RECORD_TYPES: Readonly<Record<EngineRecord['type'], number>> = {
  config: 1,
  'order.intended': 2,
  'order.denied': 3,
  'order.state': 4,
  fill: 5,
  halt: 6,
  armed: 7,
  command: 8,
  day: 9,
  equity: 10,
  'strategy.toggled': 11,
  'closeAll.begun': 12,
  'flat.proven': 13,
  'flat.escalated': 14,
  reconciled: 15,
  'position.adopted': 16,
  note: 17,
  settings: 30,
  'size.factor': 19,
  'golive.granted': 31,
  'golive.voided': 32,
};
