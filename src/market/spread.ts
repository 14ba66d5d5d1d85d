/** The spread for prices that come without one. */
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';

/** The desk file's spread of each instrument in whole ticks, at least one; in the order of `instruments`. */
export function spreadTicksOf(
  deskInstruments: Pick<Desk, 'instruments'>['instruments'],
  instruments: readonly Instrument[],
): readonly number[] {
  const bySymbol = new Map(deskInstruments.map(({ symbol, spread }) => [symbol, Number(spread)]));
  return instruments.map(({ symbol, tickSize }) =>
    Math.max(1, Math.round((bySymbol.get(symbol) ?? 0) / Number(tickSize))),
  );
}
