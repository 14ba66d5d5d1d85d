import { z } from 'zod';
import { wallMs } from '../../contracts/json-values.js';
import type { ApprovalShown } from '../../operations/approvals/list-approvals.js';

export const approvalSchema = z.object({
  id: z.string(),
  desk: z.string(),
  kind: z.string(),
  subject: z.string(),
  title: z.string(),
  parameters: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe('Everything that is agreed to'),
  parametersHash: z.string().describe('A vote quotes it: what was seen is what is decided'),
  needed: z.number().describe('Different people; one refusal ends it'),
  roles: z.array(z.string()),
  requestedBy: z.string(),
  workflowId: z.string(),
  createdMs: wallMs,
  expiresMs: wallMs,
  state: z.enum(['open', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded']),
  closedMs: wallMs.nullable(),
  outcome: z.string(),
  votes: z.array(
    z.object({
      person: z.string(),
      choice: z.enum(['approve', 'reject']),
      via: z.string(),
      reason: z.string(),
      votedMs: wallMs,
    }),
  ),
}) satisfies z.ZodType<ApprovalShown>;
