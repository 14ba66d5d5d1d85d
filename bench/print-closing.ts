import type { ClosedAll } from '../test/support/desk-at-venue.js';
import { print } from './print.js';

interface ToClose {
  closeAll(): Promise<ClosedAll>;
  close(): Promise<void>;
}

/** From the request to close all to flat, proven; throws where it is not. */
export async function printClosing(what: string, desk: ToClose): Promise<void> {
  const { flat, tookMs } = await desk.closeAll();
  if (!flat) throw new Error(`not flat: ${what}`);
  print(`close-all of 20 ${what}, to flat proven`, tookMs, 'ms');
  await desk.close();
}
