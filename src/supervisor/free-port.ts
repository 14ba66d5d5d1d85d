import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range that systems use for outgoing connections (Linux from 32768, macOS and Windows from 49152):
 * a free port in that range is often taken before a program that starts seconds later listens on it.
 */
const FIRST = 12_000;
const COUNT = 20_000;
/**
 * Processes that choose at the same time have consecutive pids. The golden ratio spreads their first choices
 * far apart (at least 447 ports among any twenty), so none picks one that another has chosen but not opened.
 */
const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;

let place = Math.floor(((process.pid * GOLDEN_SECTION) % 1) * COUNT);

/** Whether a program could listen on this loopback port now. */
export function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** `preferred` if it is free, so addresses survive restarts; otherwise a port not chosen here before. */
export async function freePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  if (preferred && (await portIsFree(preferred, host))) return preferred;
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + place;
    place = (place + 1) % COUNT;
    if (await portIsFree(port, host)) return port;
  }
  throw new Error(`no port between ${FIRST} and ${FIRST + COUNT} is free on ${host}`);
}

/** One of 16 million loopback addresses on Linux; null if there is only 127.0.0.1 (macOS). */
export async function unknownLoopback(): Promise<string | null> {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  const host = `127.${a}.${b}.${Math.min(Math.max(c, 2), 254)}`;
  return (await portIsFree(0, host)) ? host : null;
}
