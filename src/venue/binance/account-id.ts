/**
 * Which account the key belongs to. A new key of the same account goes on; a key of another account must not trade,
 * since its holdings are not the desk's.
 */
import { fieldsOf } from './decode.js';

export interface AccountId {
  /** Null before the first reading, and if the venue gives no account id. */
  readonly known: string | null;
  /** Takes the id from the body of `account`. */
  learn(body: unknown): void;
  /** Why no order may leave; null if nothing is known against it. */
  problem(): string | null;
}

/** `expected`: the account id in the desk's books; null if they have none. */
export function createAccountId(expected: () => string | null): AccountId {
  let known: string | null = null;
  return {
    get known() {
      return known;
    },
    learn(body) {
      const { uid } = fieldsOf(body, 'account');
      if (Number.isSafeInteger(uid)) known = String(uid);
    },
    problem() {
      const books = expected();
      if (known === null || books === null || known === books) return null;
      return `the key is of the account ${known}, and the desk's books are of the account ${books}`;
    },
  };
}
