import { z } from 'zod';
import { type Shape, settingValue } from '../../contracts/json-values.js';
import { approvalSchema, settingsChangeSchema } from '../../contracts/published.js';
import { type Setting, settingsInForce } from '../../desk/desk-settings.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { SETTINGS_APPROVAL } from '../../domain/settings-change.js';
import { readSettingsChanges } from '../../store/settings-changes.js';
import { readStatus } from '../../trader/read-status.js';
import { listApprovals } from '../approvals.js';
import type { OperationContext } from '../operation.js';
import { rolledContracts } from './change-settings.js';

const anySettingSchema = z.object({
  key: z.string(),
  meaning: z.string(),
  unit: z.string(),
  tighter: z
    .enum(['lower', 'higher', 'neither'])
    .describe(
      'lower: a smaller value applies at once, a larger one by approval; higher: the other way; neither: always by approval',
    ),
  value: settingValue.describe('In force'),
  fileValue: settingValue.describe('As the desk file says'),
});

const settingSchema = z.union([
  anySettingSchema.extend({
    type: z.literal('number').optional(),
    whole: z.boolean(),
    min: z.number(),
    max: z.number(),
  }),
  anySettingSchema.extend({ type: z.literal('choice'), choices: z.array(z.string()) }),
  anySettingSchema.extend({ type: z.literal('text'), maxLength: z.number().describe('Characters') }),
  anySettingSchema.extend({ type: z.enum(['boolean', 'time']).describe('time: of day, HH:MM') }),
]) satisfies z.ZodType<Setting>;

export const settingsSchema = z.object({
  version: z.number().describe('Counts the changes since the journal began; 0: as the desk file says'),
  configHash: z.string(),
  fileConfigHash: z.string(),
  settings: z.array(settingSchema),
  restartOnly: z
    .record(z.string(), z.unknown())
    .describe('The rest of the desk file: needs an edit and a restart'),
  waiting: z.array(approvalSchema).describe('Changes that wait for approval'),
  history: z.array(settingsChangeSchema).describe('Newest first'),
  /** What could not be read, in words. */
  problems: z.array(z.string()),
});
export interface SettingsShown extends Omit<Shape<typeof settingsSchema>, 'settings' | 'restartOnly'> {
  readonly settings: readonly Setting[];
  readonly restartOnly: Omit<Desk, 'risk' | 'strategies'>;
}

/** Rejects with `TraderUnavailable`. Without Postgres, history and approvals are missing, and `problems` says so. */
export async function readSettings(context: OperationContext): Promise<SettingsShown> {
  const { desk, pool } = context;
  const status = await readStatus(context);
  const problems: string[] = [];
  const without =
    (what: string) =>
    (error: unknown): readonly never[] => {
      const why = messageOf(error);
      problems.push(`${what} can't be read: Postgres: ${why}.`);
      return [];
    };
  const [history, approvals] = await Promise.all([
    readSettingsChanges(pool, desk.desk).catch(without('The history of changes')),
    listApprovals(context).catch(without('Approvals')),
  ]);
  const { risk: _risk, strategies: _strategies, ...restartOnly } = desk;
  return {
    version: status.settings.version,
    configHash: status.configHash,
    fileConfigHash: status.settings.fileConfigHash,
    settings: settingsInForce(desk, status.settings.changed, rolledContracts(status)),
    restartOnly,
    waiting: approvals.filter(({ kind, state }) => kind === SETTINGS_APPROVAL && state === 'open'),
    history,
    problems,
  };
}
