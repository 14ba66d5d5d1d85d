/** What a mail server knows: who may sign in, which mails it accepted, and what fails next. */

export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  /** As it was sent: lines end in CRLF, and dot-stuffing is removed. */
  readonly data: string;
  readonly isEncrypted: boolean;
  /** Who had signed in; null for nobody. */
  readonly user: string | null;
}

/** When a fault happens: at a command, or once the whole mail has arrived. */
export const MOMENTS = ['connect', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'letter'] as const;

export type Moment = (typeof MOMENTS)[number];

export type Effect =
  /** Sent instead of the true reply. */
  | { readonly kind: 'reply'; readonly reply: string }
  /** Sends nothing more. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' }
  /** Accepts the mail, but the connection breaks before the reply. */
  | { readonly kind: 'take-and-drop' };

export interface Fault {
  readonly at: Moment;
  readonly effect: Effect;
  /** How often; by default once. */
  readonly times?: number;
  /** For `rcpt`: only this address. */
  readonly address?: string;
}

export class Simulation {
  readonly letters: Letter[] = [];
  /** Every command received, without passwords. */
  readonly commands: string[] = [];
  /** Password by user; if empty, no sign-in is required. */
  readonly users = new Map<string, string>();
  readonly #faults: { fault: Fault; left: number }[] = [];

  fault(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Removes all faults. */
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
