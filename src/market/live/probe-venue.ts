/**
 * Whether the venue can be reached at all. Checked before ccxt is loaded, which costs 30 MB for the life of the
 * process.
 */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';

/** Null: it answers. Otherwise why not, in a few words. Never throws. */
export function probeVenue(url: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const onAnswer = (answer: IncomingMessage): void => {
      answer.resume();
      settle(refusal(answer.statusCode ?? 0));
    };
    const request = url.startsWith('http:') ? getHttp(url, onAnswer) : getHttps(url, onAnswer);
    const timer = setTimeout(() => settle(`no answer within ${timeoutMs} ms`), timeoutMs);
    const settle = (reason: string | null): void => {
      clearTimeout(timer);
      resolve(reason);
      if (reason !== null) request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => settle(networkReason(error)));
  });
}

function refusal(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status === 451 || status === 403) return `refuses this region or address (${status})`;
  if (status === 418 || status === 429) return `has banned this address for a while (${status})`;
  return `answered ${status}`;
}

function networkReason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name can not be resolved';
  if (error.code === 'ECONNREFUSED') return 'refuses the connection';
  return error.code ?? error.message;
}
