import { venueOfFeed } from '../../domain/feed-name.js';
import { priceSourceOf } from '../../venue/registry.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

const TIMEOUT_MS = 3000;
/** The response's date has whole seconds, and the response itself takes time. */
const WARN_MS = 3000;
const FAIL_MS = 30_000;

/** Compares this machine's clock with the date that the desk's public venues send. */
export async function checkClock({ feeds, nowMs }: DoctorContext): Promise<Finding> {
  const expected = `at most ${WARN_MS / 1000} s from the venue’s clock`;
  const advice = 'let the system keep the time (for example: timedatectl set-ntp true)';
  const venues = [...new Set(feeds.map(venueOfFeed))];
  const addresses = venues.map((venue) => priceSourceOf(venue).probe).filter((address) => address !== null);
  const dates = await Promise.all(addresses.map((address) => dateOf(address)));
  const answer = dates.find((date) => date !== null);
  if (answer === undefined || answer === null) {
    const observed = 'no public venue could be reached to compare with';
    return finding(
      'Clock',
      'not_run',
      observed,
      expected,
      'needs the network; a desk on simulated prices does not',
    );
  }
  const differenceMs = Math.abs(nowMs() - answer);
  const verdict = differenceMs > FAIL_MS ? 'fail' : differenceMs > WARN_MS ? 'warn' : 'pass';
  return finding('Clock', verdict, `${(differenceMs / 1000).toFixed(1)} s apart`, expected, advice);
}

async function dateOf(address: string): Promise<number | null> {
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? null : date;
  } catch {
    return null;
  }
}
