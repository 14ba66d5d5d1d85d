/** S3's answer to a request that it refuses: a status, a code that clients act on, and a sentence. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const notBuilt = (what: string): Refusal =>
  new Refusal(
    501,
    'NotImplemented',
    `A header or query that you provided implies functionality that is not implemented: ${what}`,
  );
