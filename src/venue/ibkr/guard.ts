/**
 * The library parses in its socket's listener, where nobody catches an exception, such as one caused by a reject that
 * is not JSON.
 */
import type { IBApi } from '@stoqey/ib';

interface Reader {
  onData(data: Buffer): void;
}

/** Throws TypeError if the library's reader has another shape: its exceptions would end the process. */
export function guardReading(api: IBApi, failed: (error: unknown) => void): void {
  const { socket } = (api as unknown as { controller: { socket: Partial<Reader> } }).controller;
  const { onData } = socket;
  if (onData === undefined)
    throw new TypeError('the library of the TWS protocol reads otherwise than expected');
  socket.onData = (data) => {
    try {
      onData.call(socket, data);
    } catch (error) {
      failed(error);
    }
  };
}
