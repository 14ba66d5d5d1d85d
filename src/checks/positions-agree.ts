import { NO_PARAMETERS } from '../desk/step-parts.js';
import { isZero, trimmed } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { parseUnits } from '../domain/money.js';
import { readPositions } from '../store/read-ledger.js';
import { check } from './check.js';
import { ledgerReached } from './ledger-reached.js';

const PROOF_MS = 5_000;

/** As many decimal places as a lot and a coin can have. */
const PLACES = 12;

/**
 * Compares the positions in the database with the venue's current ones, in whole lots. The trader's own books
 * are used only for dust.
 */
export const positionsAgree = check(
  'Positions in database and venue agree',
  NO_PARAMETERS,
  async (context) => {
    const expected = 'the database and the venue have the same positions';
    const reached = await ledgerReached(context);
    if (!reached.ok) return { verdict: 'not_run', observed: reached.why, expected };
    const { pool, trader, desk } = context;
    let told: ReadonlyMap<string, string>;
    try {
      const { venuePositions } = await trader.call('flatProof', {}, { timeoutMs: PROOF_MS });
      told = new Map(venuePositions.map(({ symbol, quantity }) => [symbol, quantity]));
    } catch (error) {
      return { verdict: 'not_run', observed: `the venue was not read: ${messageOf(error)}`, expected };
    }
    const kept = await readPositions(pool, desk.desk, reached.status.incarnation);
    // The venue's answer leaves out dust.
    const dust = new Map(reached.status.dust.map(({ symbol, quantity }) => [symbol, quantity]));
    const atVenue = (symbol: string): string => told.get(symbol) ?? dust.get(symbol) ?? '0';
    const inDatabase = (symbol: string): string => kept.get(symbol) ?? '0';
    const lots = (symbol: string, quantity: string): bigint => {
      const { lotSize } = desk.instruments.find((instrument) => instrument.symbol === symbol) ?? {};
      return parseUnits(quantity, PLACES) / (lotSize === undefined ? 1n : parseUnits(lotSize, PLACES));
    };
    const differing = [...new Set([...told.keys(), ...kept.keys()])].filter(
      (symbol) => lots(symbol, atVenue(symbol)) !== lots(symbol, inDatabase(symbol)),
    );
    if (differing.length > 0) {
      const said = differing.map(
        (symbol) =>
          `${symbol}: the database ${trimmed(inDatabase(symbol))}, the venue ${trimmed(atVenue(symbol))}`,
      );
      return { verdict: 'fail', observed: said.join('; '), expected };
    }
    const held = [...told].filter(([, quantity]) => !isZero(quantity));
    const observed =
      held.map(([symbol, quantity]) => `${symbol} ${trimmed(quantity)}`).join(', ') || 'nothing is held';
    return { verdict: 'pass', observed: `both: ${observed}`, expected };
  },
);
