/** Builds the desk's engine and a paper venue of its own on one time, which the prices advance. */
import { createHash } from 'node:crypto';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import { parseMoney } from '../../domain/money.js';
import type { EngineConfig } from '../../engine/config.js';
import { createEngine, type Engine } from '../../engine/engine.js';
import type { EngineRecord } from '../../engine/record.js';
import { buildCalendars, engineConfig } from '../../trader/engine-config.js';
import { paperCapabilities } from '../../venue/paper/capabilities.js';
import { SteppedPaperVenue, type SteppedVenueOptions } from '../../venue/paper/stepped-venue.js';
import { ArmingRule } from './arming-rule.js';
import { SteppedLink } from './stepped-link.js';
import { TradingInstance } from './trading-instance.js';
import { VirtualTime } from './virtual-time.js';

/** The most that wall time advances between two recorded prices: less than what makes them stale. */
const GAP_MS_MAX = 1000;
const INCARNATION_LENGTH = 6;

export interface InstanceSetting {
  readonly id: string;
  readonly desk: Desk;
  readonly configHash: string;
  readonly instruments: readonly Instrument[];
  readonly live: boolean;
  /** Market time of the first price. */
  readonly beginMs: number;
  /** Wall time at the start. */
  readonly wallMs: number;
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
  /** How orders are filled, if differently from the running paper venue. */
  readonly fills?: SteppedVenueOptions['fills'];
  /** For tests that compare: every price is an event of its own and everything is looked at each time. */
  readonly takesNoShortcut?: boolean;
}

export interface OpenedInstance {
  readonly instance: TradingInstance;
  readonly engine: Engine;
  readonly venue: SteppedPaperVenue;
}

/** The desk's configuration for a run. */
export const instanceConfig = ({
  id,
  desk,
  configHash,
  instruments,
}: Pick<InstanceSetting, 'id' | 'desk' | 'configHash' | 'instruments'>): EngineConfig =>
  engineConfig(
    { ...desk, resume: { ...desk.resume, startup: 'auto' } },
    configHash,
    incarnationOf(id),
    instruments,
    paperCapabilities(instruments),
  );

/** Nothing has begun yet when it returns. */
export function openInstance(setting: InstanceSetting): OpenedInstance {
  const { desk, id, instruments, configHash, live, beginMs, wallMs, onRecord } = setting;
  const time = new VirtualTime(beginMs, wallMs, live ? Number.POSITIVE_INFINITY : GAP_MS_MAX);
  const { takesNoShortcut = false } = setting;
  const config = { ...instanceConfig(setting), takesNoShortcut };
  const calendars = buildCalendars(desk);
  let halts = 0;
  const drawHaltId = () => {
    halts += 1;
    return digest(`${id}/halt-${halts}`).slice(0, 32);
  };
  const engine = createEngine({ ...config, drawHaltId });
  const venue = new SteppedPaperVenue({
    instruments,
    paper: desk.paper,
    cash: parseMoney(desk.paper.balance),
    bookId: incarnationOf(id),
    schedule: (delayMs, work) => time.schedule(delayMs, work),
    marketNowMs: () => time.marketMs,
    calendars,
    onEvent: (event) => link.onVenue(event),
    ...(setting.fills === undefined ? {} : { fills: setting.fills }),
  });
  const link = new SteppedLink(venue);
  const { dayStartMs } = config;
  const arming = new ArmingRule({ configHash, instrumentCount: instruments.length, dayStartMs });
  const instance = new TradingInstance({
    ...{ engine, link, time, arming, calendars, onRecord, takesNoShortcut },
  });
  return { instance, engine, venue };
}

/** The same at every start of the same validation, so that its order ids are the same. */
export function incarnationOf(id: string): string {
  const number = BigInt(`0x${digest(id).slice(0, 16)}`);
  return number.toString(36).padStart(INCARNATION_LENGTH, '0').slice(-INCARNATION_LENGTH);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
