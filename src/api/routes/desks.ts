import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { modeSchema } from '../../contracts/trader-status.js';
import type { WebDependencies } from '../dependencies.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

const desksSchema = z.object({
  desks: z.array(
    z.object({
      desk: z.string(),
      here: z.boolean().describe('The one that this page is about'),
      mode: modeSchema.nullable().describe('Null where its trader does not answer'),
      page: z.string().describe('Address of its page, where people sign in apart'),
    }),
  ),
});

/** For a page that links to the others. */
export function desksRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The desks that run in this installation',
    tags: ['state'],
    response: {
      200: answer('As their supervisors and traders said just now', desksSchema),
      ...problems(401),
    },
  };
  app.get('/api/desks', { schema }, async () => {
    const started = await web.readDesks();
    return {
      desks: started
        .filter(({ runs }) => runs)
        .map(({ runtime: { desk }, mode, page }) => ({ desk, here: desk === web.runtime.desk, mode, page })),
    };
  });
}
