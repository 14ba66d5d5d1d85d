/** TWS's refusals of orders, in its words. */
import type { Refused } from '../refusal.js';

export const DUPLICATE_ID = { code: 103, text: 'Duplicate order id' };
export const FILLED = { code: 104, text: 'Cannot modify a filled order.' };
export const DOES_NOT_MATCH = { code: 105, text: 'Order being modified does not match original order.' };
export const OFF_TICK = {
  code: 110,
  text: 'The price does not conform to the minimum price variation for this contract.',
};
export const CANCELLED = { code: 202, text: 'Order Canceled - reason:' };
export const OTHER_TYPE = { code: 329, text: 'Order modify failed. Cannot change to the new order type.' };
export const UNSUPPORTED_TYPE = {
  code: 387,
  text: 'Unsupported order type for this exchange and security type.',
};
export const BAD_STOP = { code: 403, text: 'Invalid stop price.' };
export const NO_SIZE = { code: 434, text: 'The order size cannot be zero.' };
export const NO_ACCOUNT = { code: 435, text: 'You must specify an account.' };
export const FRACTION = {
  code: 10243,
  text: 'Fractional-sized order cannot be placed via API. Please use desktop version.',
};
export const IGNORES_OUTSIDE = {
  code: 2109,
  text: "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order type and destination. PlaceOrder is now being processed.",
};

export const rejected = (reason: string): Refused => ({
  code: 201,
  text: `Order rejected - reason:${reason}`,
});
export const noParent = (orderId: number): Refused => ({
  code: 135,
  text: `Can't find order with id =${orderId}`,
});
export const invalidTif = (tif: string): Refused => ({ code: 10052, text: `Invalid time in force:${tif}` });
export const invalidId = (orderId: number | null): Refused => ({
  code: 10149,
  text: `Invalid order id: ${orderId ?? ''}.`,
});
export const notFound = (orderId: number): Refused => ({
  code: 10147,
  text: `OrderId ${orderId} that needs to be cancelled is not found.`,
});
export const notCancellable = (orderId: number, state: string): Refused => ({
  code: 10148,
  text: `OrderId ${orderId} that needs to be cancelled cannot be cancelled, state: ${state}.`,
});
export const waitsForOpening = (order: string, opening: string): Refused => ({
  code: 399,
  text: `Order Message:\n${order}\nWarning: your order will not be placed at the exchange until ${opening}`,
});
