import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { decimalText, wallMs } from '../../contracts/json-values.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { type JournalDay, type JournalNote, NOTE_CHARACTERS_MAX } from '../../store/trading-journal.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf } from './caller.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';

const dateSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .describe('One of the desk’s days');

const noteSchema = z.object({
  id: z.number(),
  person: z.string(),
  text: z.string(),
  writtenMs: wallMs,
}) satisfies z.ZodType<JournalNote>;

const daySchema = z.object({
  date: dateSchema,
  figures: z
    .object({
      setups: z.number().describe('Detected'),
      orders: z.number().describe('Entries that went to the venue'),
      trades: z.number().describe('Closed'),
      result: decimalText.describe('Of what was closed, after fees; decimal text'),
      currency: z.string(),
      writtenMs: wallMs,
    })
    .nullable()
    .describe('Null: nobody has written them'),
  positions: z.array(z.object({ text: z.string(), writtenMs: wallMs })).describe('That were entered'),
  notes: z.array(noteSchema),
}) satisfies z.ZodType<JournalDay>;

const askedSchema = z.strictObject({
  text: z.string().min(1).max(NOTE_CHARACTERS_MAX).regex(/\S/),
  date: dateSchema.optional().describe('One of the desk’s days that has begun; left out: today’s'),
});

export function journalRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary:
      'The trading journal: the newest days that have an entry, with their figures and what people noted',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 1000, default: 30 } },
    },
    response: {
      200: answer('The newest day first', z.object({ days: z.array(daySchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/journal',
    { schema: read, preValidation: coerceIntegers('days') },
    ({ query: { days } }, reply) =>
      fromDatabase(reply, 'The trading journal', async () => ({
        days: await web.operations.readTradingJournal(days),
      })),
  );
  const note = {
    summary: 'Note something on one of the desk’s days',
    tags: ['records'],
    body: jsonSchema(askedSchema),
    response: {
      200: answer('Noted', z.object({ date: dateSchema, note: noteSchema })),
      ...problems(400, 401, 403, 409, 503),
    },
  };
  app.post<{ Body: z.infer<typeof askedSchema> }>(
    '/api/journal/notes',
    { schema: note, config: { roles: MAY_DO_TASKS } },
    (request, reply) =>
      fromDatabase(reply, 'The trading journal', async () => {
        const noted = await web.operations.noteInJournal(callerOf(request), request.body);
        if (noted.ok) return { date: noted.date, note: noted.note };
        return sendProblem(reply, notDone(noted.detail, 'Name a day that has begun, or none.'));
      }),
  );
}
