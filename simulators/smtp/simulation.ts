/** What a mail server knows: who may sign in, what it took, and what goes wrong next. */

export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  /** As it was sent, with lines that end in CRLF and dots taken off. */
  readonly data: string;
  readonly isEncrypted: boolean;
  /** Who had signed in; null: nobody. */
  readonly user: string | null;
}

/** When a fault happens: at a command, or once the whole letter is there. */
export const MOMENTS = ['connect', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'letter'] as const;

export type Moment = (typeof MOMENTS)[number];

export type Effect =
  /** Instead of what it would have said. */
  | { readonly kind: 'reply'; readonly reply: string }
  /** It says nothing more. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' }
  /** It takes the letter, and the connection breaks before it has said so. */
  | { readonly kind: 'take-and-drop' };

export interface Fault {
  readonly at: Moment;
  readonly effect: Effect;
  /** How often; once where nothing is said. */
  readonly times?: number;
  /** Of `rcpt`: only this address. */
  readonly address?: string;
}

export class Simulation {
  readonly letters: Letter[] = [];
  /** Every command that was given, without what a client said of its password. */
  readonly commands: string[] = [];
  /** Password of each user; empty: it asks nobody who they are. */
  readonly users = new Map<string, string>();
  readonly #faults: { fault: Fault; left: number }[] = [];

  fault(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    this.#faults.length = 0;
  }

  takeFault(at: Moment, address?: string): Effect | null {
    const found = this.#faults.find(
      ({ fault, left }) =>
        left > 0 && fault.at === at && (fault.address === undefined || fault.address === address),
    );
    if (found === undefined) return null;
    found.left -= 1;
    return found.fault.effect;
  }
}
