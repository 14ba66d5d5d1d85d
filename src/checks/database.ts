import { z } from 'zod';
import { messageOf } from '../domain/message-of.js';
import { check } from './check.js';

/** Reads from the evidence table: an answer also shows that the schema is there. */
export const database = check(
  z.strictObject({ answerMsMax: z.number().min(0).default(500) }),
  async ({ pool }, { answerMsMax }) => {
    const expected = `Postgres answers within ${answerMsMax} ms`;
    const startedMs = performance.now();
    try {
      await pool.query('select id from evidence order by id desc limit 1');
      const tookMs = Math.round(performance.now() - startedMs);
      return {
        verdict: tookMs <= answerMsMax ? 'pass' : 'warn',
        observed: `answered in ${tookMs} ms`,
        expected,
      };
    } catch (error) {
      const why = messageOf(error);
      return { verdict: 'fail', observed: `no answer: ${why}`, expected };
    }
  },
);
