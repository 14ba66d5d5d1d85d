import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { databaseDown, sendProblem } from '../problem.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { validationSchema } from '../schemas/validations.js';

export function validationsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Paper validations: GO or NO-GO with every figure and reason',
    tags: ['go-live'],
    response: {
      200: answer('Newest first', z.object({ validations: z.array(validationSchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/validations', { schema }, async (request, reply) => {
    try {
      return { validations: await web.operations.listValidations() };
    } catch (error) {
      request.log.warn({ err: error }, 'validations could not be read');
      return sendProblem(reply, databaseDown('The validation reports'));
    }
  });
}
