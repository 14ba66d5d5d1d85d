/**
 * The options that say where prices come from, for `up`, `validate`, `backtest` and `replay`, and a
 * simulator on this machine that stands for a venue or a feed.
 */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ordersLeave } from '../desk/desk-venue.js';
import type { Desk } from '../desk/schema.js';
import { closestName, symbolIn } from '../desk/typed-names.js';
import type { PriceSide } from '../domain/instrument.js';
import { venueOfFeed } from '../domain/venue.js';
import type { MarketChoice, Runtime } from '../home/runtime.js';
import { TRADED_VENUES } from '../venue/registry.js';
import { type CliFailure, usageFailure } from './failure.js';
import { wholeNumber } from './option-values.js';

export interface MarketOptions {
  readonly data?: readonly DataFile[];
  readonly speed?: number | 'max';
  readonly seed?: number;
  readonly market?: 'auto' | 'live' | 'simulated';
  readonly exitAtEnd?: boolean;
}

export interface DataFile {
  /** Null: the desk's first instrument. */
  readonly symbol: string | null;
  readonly file: string;
  /** It has only that side's prices. */
  readonly side?: PriceSide;
}

const SPEED_MAX = 100_000;

/** `FILE` or `SYMBOL=FILE`; of bars of one side `SYMBOL:bid=FILE` or `SYMBOL:ask=FILE`; symbols as people write them. */
export function dataFile(text: string): DataFile {
  if (text.trim() === '') throw new InvalidArgumentError('expected FILE or SYMBOL=FILE');
  const [, typed = '', side, file = ''] = /^([^=:]+)(?::(bid|ask))?=(.+)$/.exec(text) ?? [];
  const symbol = symbolIn(typed);
  // A file whose own name has a = in it: only capitals and a slash are a symbol then.
  if (symbol === null || (symbol !== typed && existsSync(text))) return { symbol: null, file: resolve(text) };
  return { symbol, file: resolve(file), ...(side === 'bid' || side === 'ask' ? { side } : {}) };
}

const SEED_MAX = 4_294_967_295;

/** Where prices come from that are not recorded. */
export const sourceOptions = (command: Command): Command =>
  command
    .option('--seed <number>', 'for simulated prices', wholeNumber(0, SEED_MAX))
    .addOption(
      new Option('--market <source>', 'where prices come from without --data').choices([
        'auto',
        'live',
        'simulated',
      ]),
    );

/** `max`, `realtime`, or a factor relative to the clock. Never null, which commander would turn into ''. */
export function speedValue(text: string): number | 'max' {
  if (text === 'max') return text;
  const speed = text === 'realtime' ? 1 : /^\d{1,6}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(speed > 0 && speed <= SPEED_MAX)) {
    throw new InvalidArgumentError(`expected max, realtime, or a number above 0 and up to ${SPEED_MAX}`);
  }
  return speed;
}

/** Throws a usage failure if the options contradict each other, the desk or the disk. */
export function marketChoice(options: MarketOptions, desk: Desk): MarketChoice {
  const files = options.data ?? [];
  const kind = files.length > 0 ? 'recorded' : (options.market ?? 'auto');
  if (files.length > 0 && options.market !== undefined)
    throw usageFailure('--data and --market contradict each other', 'leave one of them out');
  if (files.length === 0 && options.exitAtEnd === true)
    throw usageFailure('--exit-at-end needs a recording', 'add --data FILE');
  if (kind === 'live' && options.speed !== undefined && options.speed !== 1) {
    throw usageFailure(
      'live prices come at the speed of the clock',
      'leave out --speed, or use --market simulated',
    );
  }
  checkFiles(files, desk);
  const speed = options.speed === 'max' ? null : options.speed;
  return { kind, files, speed, seed: options.seed, exitAtEnd: options.exitAtEnd === true };
}

function checkFiles(files: readonly DataFile[], desk: Desk): void {
  const known = desk.instruments.map((instrument) => instrument.symbol);
  const seen = new Set<string>();
  for (const { symbol, file } of files) {
    const meant = symbol ?? known[0]!;
    if (!known.includes(meant)) {
      const near = closestName(meant, known);
      throw usageFailure(
        `desk ${desk.desk} does not trade ${meant}`,
        near === null ? `use --data SYMBOL=FILE with one of: ${known.join(', ')}` : `use --data ${near}=FILE`,
      );
    }
    if (seen.has(`${meant} ${file}`)) {
      throw usageFailure(
        `${file} is given twice for ${meant}`,
        'give it once; several files of one symbol follow each other',
      );
    }
    seen.add(`${meant} ${file}`);
    if (!existsSync(file) || !statSync(file).isFile()) {
      const what = existsSync(file) ? `${file} is no file` : `there is no file ${file}`;
      throw usageFailure(what, 'check the path; the formats are in docs/DATA.md');
    }
  }
}

// The option `--simulated-venue`: a simulator on this machine in the place of a desk's venue or of one of its
// feeds. Orders for a simulator must not leave the machine, so no other address is accepted, not even for
// prices.

const OPTION = '--simulated-venue';
const WEB_FORM = 'http://127.0.0.1:9080';
/** For venues that are reached through a program of their own. */
const SOCKET_FORM = '127.0.0.1:4002';
const NAMED = /^(?:([a-z][a-z0-9-]{0,39})=)?(.*)$/;
const LOOPBACK = /^(?:http:\/\/)?(?:127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/;
const PORT_MAX = 65_535;

export interface SimulatedVenue {
  /** Null: the venue of the desk file. */
  readonly name: string | null;
  readonly address: string;
}

type VenueAndFeeds = Pick<Desk, 'desk' | 'mode' | 'venue' | 'feeds'>;

/** `ADDRESS` or `NAME=ADDRESS`. The valid names are known only once the desk file was read. */
export function simulatedVenueValue(text: string): SimulatedVenue {
  const [, name = null, address = ''] = NAMED.exec(text) ?? [];
  const port = Number(LOOPBACK.exec(address)?.[1]);
  if (port >= 1 && port <= PORT_MAX) return { name, address };
  throw new InvalidArgumentError(
    `expected ADDRESS or NAME=ADDRESS, with an address of this machine like ${WEB_FORM} or ${SOCKET_FORM}`,
  );
}

/** Of a command that asks the venue itself. */
export const askedVenueOptions = (command: Command): Command =>
  command
    .option('--desk <name or file>', 'which desk; by default the one that runs here')
    .option(
      '--simulated-venue <[name=]address>',
      'a simulator on this machine instead of the exchange',
      simulatedVenueValue,
    )
    .option('--json', 'print the results as JSON');

export const typedVenue = ({ name, address }: SimulatedVenue): string =>
  name === null ? address : `${name}=${address}`;

/**
 * For commands that query only the desk's own venue. Throws a usage failure for another name or form of
 * address.
 */
export function venueAddress(desk: VenueAndFeeds, given: SimulatedVenue | undefined): string | undefined {
  if (given === undefined) return undefined;
  const { name } = desk.venue;
  if (given.name !== null && given.name !== name)
    throw unknownName(desk, given, [name], 'this command asks no venue but the one where orders would go');
  return checked(name, given).address;
}

/** Of the desk that was started here. Undefined: it had none, or that was another desk, whose simulator is none of this one’s. */
export const simulatorStartedWith = (
  { desk }: Pick<Desk, 'desk'>,
  runtime: Pick<Runtime, 'desk' | 'simulatedVenue'> | null,
): string | undefined => (runtime?.desk === desk ? runtime.simulatedVenue : undefined);

interface Simulators {
  /** In the place of the desk's venue. */
  readonly simulatedVenue?: string;
  /** By feed; only for a desk whose orders stay here. */
  readonly simulatedFeeds?: Readonly<Record<string, string>>;
}

/** Throws a usage failure if a name is not the desk's, was given twice, or has another form of address. */
export function simulatorsOf(desk: VenueAndFeeds, given: readonly SimulatedVenue[]): Simulators {
  const { name: venue } = desk.venue;
  const leave = ordersLeave(desk);
  const known = leave ? [venue] : [...new Set([venue, ...desk.feeds])];
  const addresses = new Map<string, string>();
  for (const one of given) {
    const name = one.name ?? venue;
    if (!known.includes(name))
      throw unknownName(desk, one, known, leave ? 'its prices come from where its orders go' : null);
    if (addresses.has(name))
      throw usageFailure(`${OPTION}: ${name} was given twice`, `name one address for ${name}`);
    addresses.set(name, checked(name, one).address);
  }
  const ofVenue = addresses.get(venue);
  const feeds = leave ? [] : [...addresses].filter(([name]) => desk.feeds.includes(name));
  return {
    ...(ofVenue === undefined ? {} : { simulatedVenue: ofVenue }),
    ...(feeds.length === 0 ? {} : { simulatedFeeds: Object.fromEntries(feeds) }),
  };
}

function unknownName(
  { desk }: VenueAndFeeds,
  given: SimulatedVenue,
  known: readonly string[],
  why: string | null,
): CliFailure {
  const names = known.join(', ');
  const because = why === null ? '' : ` (${why})`;
  return usageFailure(
    `${OPTION}: expected one of ${names} before the =; found ${given.name}`,
    `desk ${desk} knows ${names}${because}: write ${OPTION} ${known[0]}=ADDRESS`,
  );
}

function checked(name: string, given: SimulatedVenue): SimulatedVenue {
  const form = [WEB_FORM, SOCKET_FORM].find((one) => takes(name, one)) ?? WEB_FORM;
  if (takes(name, given.address)) return given;
  throw usageFailure(
    `${OPTION}: the simulator of ${name} has an address like ${form}; found ${given.address}`,
    `write ${OPTION} ${name}=${form}, with the port that it said`,
  );
}

/** The venue decides which of the two forms an address must have; one that takes no orders is on the web. */
function takes(name: string, address: string): boolean {
  const live = TRADED_VENUES.find((venue) => venue.name === venueOfFeed(name))?.live;
  if (live === undefined) return address.startsWith('http:');
  try {
    live.endpoint({ venue: { testnet: true } }, address, {});
    return true;
  } catch {
    return false;
  }
}
