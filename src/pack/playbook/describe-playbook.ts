/** Reads the declaration of a compiled playbook. Runs its top-level code, so only in a separate process. */
import * as zod from 'zod';
import { z } from 'zod';
import { minutes, severityNameSchema, triggerSchema } from '../../desk/incident-schema.js';
import type { CodedPlaybook } from '../../desk/own-code.js';
import { schemaProblems } from '../../desk/schema-problems.js';
import { messageOf } from '../../domain/message-of.js';
import { unfitParameters } from '../unfit-parameters.js';
import * as pack from '../v1.js';
import { definitionIn } from './load-code.js';

/** A halt by the playbook's own step would reopen the incident each time it ends. */
const trigger = triggerSchema.prefault({}).refine(({ halt }) => !halt.includes('check-failed'), {
  path: ['halt'],
  params: {
    expected: 'a cause that incident.halt does not make',
    found: 'check-failed',
    doThis: 'take it out',
  },
});

const SAYS = z.object({
  kind: z.literal('playbook'),
  title: z.string().min(1).max(120),
  severity: severityNameSchema.default('medium'),
  trigger,
  approvalMinutes: minutes.default(60),
  parameters: z.custom<z.ZodObject>().superRefine((parameters, { addIssue }) => {
    for (const message of unfitParameters(parameters)) addIssue(message);
  }),
  run: z.custom<pack.Playbook['run']>((run) => typeof run === 'function', 'expected a function'),
});

type Described =
  | Pick<CodedPlaybook, 'title' | 'severity' | 'trigger' | 'approvalMinutes' | 'parameters'>
  | { readonly found: string };

export function describePlaybook(code: string): Described {
  try {
    // The code was checked before: it can only use its own names.
    const factory = new Function('module', 'exports', 'require', code) as Parameters<typeof definitionIn>[0];
    const made = definitionIn(factory, { 'fermata/pack': pack, zod });
    if (made === undefined) return { found: 'no default export' };
    const read = SAYS.safeParse(made);
    if (!read.success)
      return {
        found: read.error.issues
          .flatMap((issue) =>
            issue.path[0] === 'parameters'
              ? issue.message
              : schemaProblems([issue], made, []).map(
                  ({ key, expected, found }) =>
                    `${key || 'another default export'}: expected ${expected}, found ${found}`,
                ),
          )
          .join('; '),
      };
    const { title, severity, approvalMinutes, parameters } = read.data;
    return {
      ...{ title, severity, trigger: read.data.trigger, approvalMinutes },
      // The form in the desk file: keys with a default may be absent.
      parameters: z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any' }),
    };
  } catch (error) {
    return { found: `an error while it was loaded: ${messageOf(error)}` };
  }
}
