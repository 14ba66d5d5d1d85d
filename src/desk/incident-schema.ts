/** Incidents: the severity of each kind, and by when somebody must answer. */
import { z } from 'zod';
import { minutes, ownIncidentSchema, severityNameSchema } from './own-incident-schema.js';
import { percent } from './schema-values.js';

const severitySchema = (respondMinutes: number, escalateMinutes: number[]) =>
  z
    .strictObject({
      respondMinutes: minutes
        .default(respondMinutes)
        .describe('Not acknowledged by then: people are reminded.'),
      escalateMinutes: z
        .array(minutes)
        .max(10)
        .default(escalateMinutes)
        .describe('Not acknowledged by then: more people are notified each time. Rising.'),
    })
    .prefault({});

const kind = <T extends z.ZodRawShape>(severity: z.output<typeof severityNameSchema>, more: T) =>
  z.strictObject({ severity: severityNameSchema.default(severity).describe('How severe it is.'), ...more });

const severitiesSchema = z.strictObject({
  critical: severitySchema(5, [15, 60]).describe('Money is being lost, or nobody can tell.'),
  high: severitySchema(15, [60, 240]).describe('The desk does not trade.'),
  medium: severitySchema(60, [240]).describe('A part of the desk does not work.'),
  low: severitySchema(480, []).describe('Needs a check.'),
});

export const SHIPPED = {
  'exchange-down': kind('high', {
    statusPage: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null)
      .describe('The exchange’s status page, read during the outage; null: none.'),
  }).describe('The exchange does not answer, or its breaker opened.'),
  'large-drawdown': kind('critical', {
    nearLimitPct: percent.default(80).describe('Percent of a loss limit at which it opens.'),
    offerSizePct: percent.default(50).describe('Offered position size, percent of the present one.'),
    offerMinutes: minutes.default(240).describe('How long the offers stand.'),
    volatilityTimesNormal: z
      .number()
      .min(1)
      .max(100)
      .default(2)
      .describe('Multiple of its normal volatility from which market conditions count as changed.'),
  }).describe('Equity is near a loss limit, or at one.'),
  'crash-and-restart': kind('high', {
    logLines: z.number().int().min(1).max(1000).default(100).describe('Lines of its log that are stored.'),
    watchMinutes: z
      .number()
      .min(0)
      .max(1440)
      .optional()
      .describe(
        'How long it must run without a break after its restart before the incident is over; left out: not at all.',
      ),
  }).describe('A process ended unexpectedly.'),
  'strategy-underperforming': kind('medium', {
    losingTrades: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(20)
      .describe('Closed trades needed to judge it.'),
    losingWinRatePct: percent
      .default(30)
      .describe('A win rate below this, percent, with a loss overall, means that it keeps losing.'),
  }).describe('A strategy was switched off automatically, or keeps losing.'),
  'trading-halted': kind('high', {}).describe('Trading was halted by a part of the desk.'),
  'step-failed': kind('medium', {}).describe('A routine’s step with `onFail: incident` failed.'),
  reported: kind('medium', {}).describe('A person or a program reported it.'),
};

/**
 * The kinds whose defaults are in the hash of every desk. Never add another: it would void every go-live,
 * even of desks that don't mention it.
 */
const IN_EVERY_HASH = [
  'exchange-down',
  'large-drawdown',
  'crash-and-restart',
  'strategy-underperforming',
  'trading-halted',
  'step-failed',
  'reported',
] as const satisfies readonly ShippedKind[];

type InEveryHash = (typeof IN_EVERY_HASH)[number];
type Declared = Readonly<Record<string, z.ZodObject>>;
/** Code names the shipped kinds; the desk's own are read with `ownIncidents`. */
type Kinds<D extends Declared> = {
  readonly [K in keyof D & InEveryHash]: z.output<D[K]>;
} & { readonly [K in Exclude<keyof D, InEveryHash>]?: z.output<D[K]> };

/** The kinds in `declared`, and the desk's own. */
export function kindsSchemaOf<D extends Declared>(declared: D): z.ZodType<Kinds<D>, object> {
  const shape = Object.entries(declared).map(([name, schema]) => [
    name,
    (IN_EVERY_HASH as readonly string[]).includes(name) ? schema.prefault({}) : schema.optional(),
  ]);
  const schema: z.ZodObject = z.strictObject(Object.fromEntries(shape)).catchall(ownIncidentSchema);
  return schema as unknown as z.ZodType<Kinds<D>, object>;
}

export const incidentsSchema = z.strictObject({
  severities: severitiesSchema.prefault({}).describe('Response time and escalation of each severity.'),
  kinds: kindsSchemaOf(SHIPPED)
    .prefault({})
    .describe('The kinds of incidents, shipped and the desk’s own, each with its playbook.'),
});

type Incidents = Pick<z.output<typeof incidentsSchema>, 'kinds'>;
export type ShippedKinds = { readonly [K in keyof typeof SHIPPED]: z.output<(typeof SHIPPED)[K]> };
/** Each has a playbook in workflow code. */
export type ShippedKind = keyof typeof SHIPPED;
export type IncidentSeverity = z.output<typeof severityNameSchema>;

export const SHIPPED_KINDS = Object.keys(SHIPPED) as ShippedKind[];

export const isShippedKind = (kind: string): kind is ShippedKind =>
  (SHIPPED_KINDS as readonly string[]).includes(kind);

/** The kind as the desk file has it, or its defaults if the file leaves it out. */
export function shippedKindIn<K extends ShippedKind>(
  { kinds }: Partial<Incidents>,
  kind: K,
): ShippedKinds[K] {
  return (kinds?.[kind] ?? SHIPPED[kind].parse({})) as ShippedKinds[K];
}

/** How long an offer stands, for the kinds that ship. */
export const offerMinutesOf = (incidents: Incidents): number =>
  shippedKindIn(incidents, 'large-drawdown').offerMinutes;
