/** An error as the venue answers it: HTTP status, code and text. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: number,
    override readonly message: string,
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const insufficientBalance = () =>
  new Refusal(-2010, 'Account has insufficient balance for requested action.');
export const duplicateOrder = () => new Refusal(-2010, 'Duplicate order sent.');
export const wouldMatch = () => new Refusal(-2010, 'Order would immediately match and take.');
export const wouldTrigger = () => new Refusal(-2010, 'Stop price would trigger immediately.');
export const marketClosed = () => new Refusal(-2010, 'Market is closed.');
export const actionDisabled = () => new Refusal(-2010, 'This action is disabled on this account.');
export const filterFailure = (filter: string) => new Refusal(-1013, `Filter failure: ${filter}`);
export const unknownOrder = () => new Refusal(-2011, 'Unknown order sent.');
export const orderDoesNotExist = () => new Refusal(-2013, 'Order does not exist.');
export const invalidSymbol = () => new Refusal(-1121, 'Invalid symbol.');
export const notPermitted = () => new Refusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
