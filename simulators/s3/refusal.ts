/** What S3 answers where it does not do what was asked: a status, a code that clients go by, and a sentence. */
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
