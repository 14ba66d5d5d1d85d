/** Keeps the client's retries from calling on a connection that was closed meanwhile: that would throw in a timer. */
import type { ConnectionOptions } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;

/** A call that is never made. Whoever waits for it is freed by the deadline of `within`. */
const NEVER_MADE = {
  start: () => undefined,
  sendMessage: () => undefined,
  sendMessageWithContext: () => undefined,
  halfClose: () => undefined,
  startRead: () => undefined,
  cancelWithStatus: () => undefined,
  getPeer: () => '',
  getAuthContext: () => null,
};

/** Goes behind the retry interceptor, so that each attempt asks anew whether the connection is still open. */
export function endWithConnection(isClosed: () => boolean): Interceptor {
  return (options, nextCall) => (isClosed() ? (NEVER_MADE as unknown as Call) : (nextCall(options) as Call));
}
