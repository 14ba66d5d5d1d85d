/** Faults waiting to happen: each affects the next requests that it matches, as often as it says. */

export type FaultEffect =
  /** The answer is this error; nothing was done. */
  | { readonly kind: 'error'; readonly status: number; readonly description?: string }
  | { readonly kind: 'tooMany'; readonly retryAfter: number }
  /** The connection breaks; nothing was done. */
  | { readonly kind: 'break' }
  /** The request is carried out, and the connection breaks before the answer. */
  | { readonly kind: 'dropAfterAccept' }
  /** The request is carried out, and no answer ever comes. */
  | { readonly kind: 'hangAfterAccept' }
  | { readonly kind: 'slow'; readonly ms: number };

export interface Fault {
  /** For example `sendMessage`; absent: any method. */
  readonly method?: string;
  readonly effect: FaultEffect;
  /** By default 1. */
  readonly times?: number;
}

export class Faults {
  private waiting: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.waiting = [];
  }

  get count(): number {
    return this.waiting.reduce((sum, { left }) => sum + left, 0);
  }

  take(method: string): FaultEffect | null {
    const found = this.waiting.find(
      ({ fault }) => fault.method === undefined || fault.method.toLowerCase() === method,
    );
    if (!found) return null;
    found.left -= 1;
    if (found.left <= 0) this.waiting = this.waiting.filter((each) => each !== found);
    return found.fault.effect;
  }
}
