import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { validationSchema } from '../schemas/validations.js';
import { fromDatabase } from './from-database.js';

export function validationsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Paper validations: GO or NO-GO with every figure and reason',
    tags: ['go-live'],
    response: {
      200: answer('Newest first', z.object({ validations: z.array(validationSchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/validations', { schema }, (_request, reply) =>
    fromDatabase(reply, 'The validation reports', async () => ({
      validations: await web.operations.listValidations(),
    })),
  );
}
