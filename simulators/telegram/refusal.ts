/** An answer of the Bot API that is not ok; thrown by methods. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    description: string,
    readonly retryAfter: number | null = null,
  ) {
    super(description);
  }
}

export const badRequest = (what: string): Refusal => new Refusal(400, `Bad Request: ${what}`);
