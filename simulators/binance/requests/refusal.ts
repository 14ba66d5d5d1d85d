/** An error as the venue returns it: HTTP status, code and text. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly code: number,
    override readonly message: string,
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
    /** For an answer with two results. */
    readonly data: object | null = null,
  ) {
    super(message);
  }

  get body(): object {
    const { code, message: msg, data } = this;
    return data === null ? { code, msg } : { code, msg, data };
  }
}

const rejected = (msg: string) => new Refusal(-2010, msg);

export const insufficientBalance = () => rejected('Account has insufficient balance for requested action.');
export const duplicateOrder = () => rejected('Duplicate order sent.');
export const wouldMatch = () => rejected('Order would immediately match and take.');
export const wouldTrigger = () => rejected('Stop price would trigger immediately.');
export const marketClosed = () => rejected('Market is closed.');
export const actionDisabled = () => rejected('This action is disabled on this account.');
export const badListPrices = () => rejected('The relationship of the prices for the orders is not correct.');
export const thinBook = (filter: string) =>
  rejected(`Order book liquidity is less than ${filter} filter minimum quantity.`);
export const emptyBook = () => rejected('Order book liquidity is less than symbol minimum quantity.');
/** For something that the symbol does not offer according to `exchangeInfo`. */
export const notForSymbol = (what: string) => new Refusal(-1013, `${what} not supported for this symbol.`);
export const filterFailure = (filter: string) => new Refusal(-1013, `Filter failure: ${filter}`);
export const unknownOrder = () => new Refusal(-2011, 'Unknown order sent.');
export const orderDoesNotExist = () => new Refusal(-2013, 'Order does not exist.');
export const invalidSymbol = () => new Refusal(-1121, 'Invalid symbol.');
export const notPermitted = () => new Refusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
export const invalidValue = (name: string) =>
  new Refusal(-1130, `Data sent for parameter '${name}' is not valid.`);
export const eitherMissing = (one: string, other: string) =>
  new Refusal(-1102, `Param '${one}' or '${other}' must be sent, but both were empty/null!`);
export const badCombination = () => new Refusal(-1128, 'Combination of optional parameters invalid.');
