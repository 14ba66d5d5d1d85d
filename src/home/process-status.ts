import { z } from 'zod';

const wallMs = z.number().describe('Wall clock, milliseconds since 1970');

/** One process, as the supervisor reports it. */
export const processStatusSchema = z.object({
  name: z.string(),
  /** `down`: it died too often and stays down until a person restarts it. */
  state: z.enum(['starting', 'running', 'restarting', 'stopping', 'stopped', 'down']),
  pid: z.number().nullable(),
  restarts: z.number(),
  /** Null: no process is running. */
  startedWallMs: wallMs.nullable().exactOptional().describe('Of the process that runs now'),
  /** Null: none since the supervisor started. */
  lastDeath: z
    .object({ how: z.string(), atMs: wallMs })
    .nullable()
    .exactOptional()
    .describe('The newest unexpected end'),
});
export type ProcessStatus = Readonly<z.output<typeof processStatusSchema>>;
