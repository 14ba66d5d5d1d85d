import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { journalDateSchema, journalDaySchema, journalNoteSchema } from '../../contracts/published.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { NOTE_CHARACTERS_MAX } from '../../store/trading-journal.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf, fromDatabase } from './route-parts.js';

const askedSchema = z.strictObject({
  text: z.string().min(1).max(NOTE_CHARACTERS_MAX).regex(/\S/, 'expected some words'),
  date: journalDateSchema.optional().describe('One of the desk’s days that has begun; left out: today’s'),
});

export function journalRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary: 'The trading journal: the newest days that have an entry, with their figures and people’s notes',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 1000, default: 30 } },
    },
    response: {
      200: answer('The newest day first', z.object({ days: z.array(journalDaySchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/journal',
    { schema: read },
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
      200: answer('Noted', z.object({ date: journalDateSchema, note: journalNoteSchema })),
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
