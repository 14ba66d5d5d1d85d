/** Applies an execution to the whole position, or to the parts whose trades it belongs to. */

import type { Instrument } from '../domain/instrument.js';
import { type Execution, execute } from './apply-holding.js';
import { applyBeside, applyInParts, isInParts } from './apply-parts.js';
import type { EngineState } from './state.js';

export function applyExecution(state: EngineState, instrument: Instrument, execution: Execution): void {
  const position = state.positions[instrument.id];
  if (position === undefined) throw new RangeError(`no instrument ${instrument.id}`);
  if (instrument.sideBySide === true) applyBeside(state, instrument, position, execution);
  else if (isInParts(position, execution)) applyInParts(state, instrument, position, execution);
  else execute(state, instrument, position, execution);
}
