import { z } from 'zod';
import { messageOf } from '../domain/message-of.js';
import { check } from './check.js';

/** A busy process reads an answer late, so the database is slow only if every answer is. */
const ASKED_MAX = 3;

/** Reads from the evidence table: an answer also shows that the schema is there. */
export const database = check(
  'The database answers',
  z.strictObject({ answerMsMax: z.number().min(0).default(500) }),
  async ({ pool }, { answerMsMax }) => {
    const expected = `Postgres answers within ${answerMsMax} ms`;
    const askedMs = async (): Promise<number> => {
      const startedMs = performance.now();
      await pool.query('select id from evidence order by id desc limit 1');
      return Math.round(performance.now() - startedMs);
    };
    try {
      let tookMs = await askedMs();
      for (let asked = 1; tookMs > answerMsMax && asked < ASKED_MAX; asked += 1)
        tookMs = Math.min(tookMs, await askedMs());
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
