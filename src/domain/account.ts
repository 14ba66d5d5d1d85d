/** Whose money is traded, by name. Each price source has a paper account of its own. */

/** Of journals and configurations that name none. */
export const PAPER_ACCOUNT = 'paper';

/** `identity`: of the price source. */
export function paperAccount(identity: string): string {
  return `${PAPER_ACCOUNT}/${identity}`;
}

export function isPaperAccount(account: string): boolean {
  return account === PAPER_ACCOUNT || account.startsWith(`${PAPER_ACCOUNT}/`);
}
