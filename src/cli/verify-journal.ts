/**
 * `fermata journal --verify`: checks the journal's own hash chain, and compares the ledger in Postgres with it entry
 * by entry.
 */
import { messageOf } from '../domain/message-of.js';
import { deskPaths, homePaths } from '../home/runtime.js';
import { verifyLedger } from '../ledger/verify-ledger.js';
import { openPool } from '../store/pool.js';
import { CliFailure } from './failure.js';
import { printJson, printLines } from './output.js';
import { fermataHome, requireRuntime } from './running-desk.js';

/** Returns exit code 0 if the ledger holds exactly what the journal holds. Waits for a ledger that is only behind. */
export async function verifyJournal(json: boolean, waitMs = 10_000): Promise<number> {
  const home = fermataHome();
  const runtime = requireRuntime(home);
  const pool = openPool(runtime, 'verify-journal');
  const journal = deskPaths(homePaths(home), runtime.desk).journal;
  const deadline = Date.now() + waitMs;
  try {
    let proof = await verifyLedger(pool, runtime.desk, journal);
    while (!proof.equal && proof.behind && Date.now() < deadline) {
      await new Promise((settle) => setTimeout(settle, 200));
      proof = await verifyLedger(pool, runtime.desk, journal);
    }
    if (json) printJson({ ledgerEqualsJournal: proof.equal, ...proof });
    else printLines([inWords(proof)]);
    return proof.equal ? 0 : 1;
  } catch (error) {
    throw new CliFailure(
      `the ledger could not be compared: ${messageOf(error)}`,
      'the journal was only read',
      'start the desk where Postgres is down: fermata up',
    );
  } finally {
    await pool.end();
  }
}

function inWords(proof: Awaited<ReturnType<typeof verifyLedger>>): string {
  if (proof.equal)
    return `✓ the ledger equals the journal (${proof.entries} entries of ${proof.incarnation})`;
  if (proof.behind)
    return `- the ledger is ${proof.missing} entries behind; all ${proof.entries} before are equal`;
  return `✗ the ledger differs from the journal at entry ${proof.sequence}: ${proof.why}`;
}
