/** The trader's status as the API publishes it: the trader's own fields plus those that the API adds. */
import { z } from 'zod';
import { type Shape, wallMs } from '../../contracts/json-values.js';
import { FIGURE_TONES, NOTE_PLACES } from '../../contracts/status-words.js';
import { reconciliationSchema, traderStatusSchema } from '../../contracts/trader-status.js';
import { MONEY_AT_STAKE } from '../../domain/account-name.js';
import { HEADLINE_TONES } from '../../domain/mode.js';
import { shownChannelSchema } from '../../home/channel-health.js';
import { processStatusSchema } from '../../home/process-status.js';

export const reconciliationAnswerSchema = reconciliationSchema.extend({
  clean: z.boolean(),
  openPositions: z.number(),
  openOrders: z.number(),
  unprotected: z.array(z.string()).describe('Symbols whose protective stop the venue has not confirmed'),
});

const processesSchema = z
  .array(processStatusSchema)
  .nullable()
  .describe('Null while the supervisor does not answer');

/** The trader's status with the texts about it that are the same everywhere. */
const shownStatusSchema = traderStatusSchema.extend({
  money: z.enum(MONEY_AT_STAKE).describe('Real, unless known to be play money'),
  headline: z
    .object({ tone: z.enum(HEADLINE_TONES), text: z.string(), detail: z.string() })
    .describe('The mode, and what limits it: “ACTIVE, but every strategy is off”'),
  haltCause: z
    .string()
    .nullable()
    .describe('Cause of the deciding halt; null: no halt of the desk is in force'),
  pricesWord: z.string().describe('“Live prices”, “Recorded” or “Simulated”'),
  figures: z
    .array(
      z.object({
        key: z.string(),
        title: z.string(),
        value: z.string(),
        unit: z.string().exactOptional(),
        detail: z.string().exactOptional(),
        tone: z.enum(FIGURE_TONES).exactOptional(),
        isOfNow: z.boolean().describe('Counts only while the trader answers'),
      }),
    )
    .describe('The key figures as people are shown them, in this order'),
  notes: z
    .array(
      z.object({
        key: z.string(),
        title: z.string(),
        place: z.enum(NOTE_PLACES).describe('Where on the page; own: by a design of its own'),
        isOnPhone: z.boolean().describe('Part of Telegram’s /status'),
        lines: z.array(z.string()),
      }),
    )
    .describe('What else there is to know, in words; left out: what has nothing to say'),
});
export type ShownStatus = Shape<typeof shownStatusSchema>;

const alertsSchema = z.array(shownChannelSchema).describe('Whether alerts reach people');

export const deskStatusSchema = shownStatusSchema.extend({
  status: z.enum(['running', 'stopped']).describe('running: it may trade (ACTIVE or REDUCING)'),
  processes: processesSchema,
  alerts: alertsSchema,
});

/** Messages over the WebSocket. */
export const liveMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    atWallMs: wallMs,
    expiresMs: wallMs.describe('Send a new token before then'),
  }),
  z.object({ type: z.literal('alive'), atWallMs: wallMs.describe('The state sent last still holds') }),
  z.object({
    type: z.literal('state'),
    atWallMs: wallMs.describe('When it was sent'),
    trader: z.object({
      reachable: z.boolean(),
      sinceWallMs: wallMs.describe('When it last became reachable or unreachable'),
      problem: z.string().nullable(),
    }),
    status: shownStatusSchema.nullable().describe('The newest known; old while the trader is unreachable'),
    statusWallMs: wallMs.nullable(),
    processes: processesSchema,
    alerts: alertsSchema,
  }),
]);
export type LiveMessage = Shape<typeof liveMessageSchema>;
