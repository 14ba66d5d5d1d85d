/** The stream does not continue what the ledger holds: something was lost, changed or set back. */
export class LedgerMismatch extends Error {
  override readonly name = 'LedgerMismatch';
}
