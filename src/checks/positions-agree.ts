import { NO_PARAMETERS } from '../desk/step-parts.js';
import { messageOf } from '../domain/message-of.js';
import { readPositions } from '../store/read-ledger.js';
import { check } from './check.js';
import { ledgerReached } from './ledger-reached.js';

const PROOF_MS = 5_000;

/** Compares the positions in the database with the venue's current ones, bypassing the trader's own books. */
export const positionsAgree = check(NO_PARAMETERS, async (context) => {
  const expected = 'the database and the venue have the same positions';
  const reached = await ledgerReached(context);
  if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
  const { pool, trader, desk } = context;
  let told: ReadonlyMap<string, number>;
  try {
    const { venuePositions } = await trader.call('flatProof', {}, { timeoutMs: PROOF_MS });
    told = new Map(venuePositions.map(({ symbol, quantity }) => [symbol, Number(quantity)]));
  } catch (error) {
    return { verdict: 'not_run', observed: `the venue was not read: ${messageOf(error)}`, expected };
  }
  const kept = await readPositions(pool, desk.desk, reached.status.incarnation);
  const symbols = [...new Set([...told.keys(), ...kept.keys()])];
  const differing = symbols.filter((symbol) => (told.get(symbol) ?? 0) !== (kept.get(symbol) ?? 0));
  if (differing.length > 0) {
    const said = differing.map(
      (symbol) => `${symbol}: the database ${kept.get(symbol) ?? 0}, the venue ${told.get(symbol) ?? 0}`,
    );
    return { verdict: 'fail', observed: said.join('; '), expected };
  }
  const held = [...told].filter(([, quantity]) => quantity !== 0);
  const observed = held.map(([symbol, quantity]) => `${symbol} ${quantity}`).join(', ') || 'nothing is held';
  return { verdict: 'pass', observed: `both: ${observed}`, expected };
});
