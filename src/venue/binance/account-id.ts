/** Which account the key is of: a new key of the same one goes on, and one of another would trade what is not the desk's. */
import { fieldsOf } from './decode.js';

export interface AccountId {
  /** Null before it was read, and where the venue does not say. */
  readonly known: string | null;
  /** From the body of `account`. */
  learn(body: unknown): void;
  /** Why no order may leave; null: nothing is known against it. */
  problem(): string | null;
}

/** `expected`: as the desk's books know it; null: they don't. */
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
