import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below where systems take the near ends of outgoing connections from (Linux 32768, macOS and Windows 49152): a port out
 * of there that is free when it is chosen is often in use when a program that starts seconds later would listen.
 */
const FIRST = 12_000;
const COUNT = 20_000;
/**
 * Processes that choose at the same time have numbers that follow each other. By the golden section their places lie far
 * apart (447 ports among any twenty of them), so that none comes to a port that another has chosen and not opened yet.
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

/** `preferred` where it is free, so that addresses stay the same over restarts; else one that this process chose never before. */
export async function freePort(preferred?: number, host = '127.0.0.1'): Promise<number> {
  if (preferred && (await portIsFree(preferred, host))) return preferred;
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + place;
    place = (place + 1) % COUNT;
    if (await portIsFree(port, host)) return port;
  }
  throw new Error(`no port between ${FIRST} and ${FIRST + COUNT} is free on ${host}`);
}

/** One of 16 million loopback addresses, on Linux; null where there is 127.0.0.1 only (macOS). */
export async function unknownLoopback(): Promise<string | null> {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  const host = `127.${a}.${b}.${Math.min(Math.max(c, 2), 254)}`;
  return (await portIsFree(0, host)) ? host : null;
}
