/** The library reads in the listener of its socket, where nobody catches what it throws: a reject that is no JSON, say. */
import type { IBApi } from '@stoqey/ib';

interface Reader {
  onData(data: Buffer): void;
}

/** Throws TypeError for a library that reads otherwise: what it throws would end the process. */
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
