/** Reads what an exchange says about itself while it is down. */
import { createHash } from 'node:crypto';
import type { StatusPageReading } from '../../contracts/incident-activities.js';

const ANSWER_MS = 5_000;
const BYTES_MAX = 256 * 1024;
const SAYS_MAX = 300;
const DIGEST_LENGTH = 12;

/** Never rejects: an unreachable page is a result, too. The address comes from the desk file. */
export async function readStatusPage(url: string): Promise<StatusPageReading> {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: { accept: 'application/json, text/html' },
    });
    const text = await firstBytes(answer);
    return reading(answer.ok, `${answer.status}: ${summaryOf(text)}`);
  } catch (error) {
    const { message, cause } = error as Error;
    return reading(false, `no answer (${cause instanceof Error ? cause.message : message})`);
  }
}

async function firstBytes(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes >= BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, BYTES_MAX);
}

/** Reads `{status: {description}}` of a status page service, `{msg}` of an exchange's API, or a page's title. */
function summaryOf(text: string): string {
  try {
    const { status, msg, message } = JSON.parse(text) as Record<string, unknown>;
    const { indicator, description } = (status ?? {}) as Record<string, unknown>;
    const words = [indicator, description, msg, message].filter(
      (word) => typeof word === 'string' && word !== '',
    );
    return words.length > 0 ? words.join(', ') : text;
  } catch {
    const title = /<title[^>]*>([^<]{1,300})/i.exec(text)?.[1];
    return (title ?? text.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ').trim();
  }
}

function reading(answered: boolean, says: string): StatusPageReading {
  const short = says.slice(0, SAYS_MAX);
  return {
    answered,
    says: short,
    digest: createHash('sha256').update(short).digest('hex').slice(0, DIGEST_LENGTH),
  };
}
