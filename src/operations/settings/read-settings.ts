import { type Setting, settingsInForce } from '../../desk/desk-settings.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { SETTINGS_APPROVAL } from '../../domain/settings-change.js';
import { readSettingsChanges, type SettingsChangeRecord } from '../../store/settings-changes.js';
import { readStatus } from '../../trader/read-status.js';
import { type ApprovalShown, listApprovals } from '../approvals/list-approvals.js';
import type { OperationContext } from '../operation.js';

export interface SettingsShown {
  /** Number of changes since the journal began; 0: as in the desk file. */
  readonly version: number;
  readonly configHash: string;
  readonly fileConfigHash: string;
  readonly settings: readonly Setting[];
  /** The rest of the desk file: changing it takes an edit and a restart. */
  readonly restartOnly: Omit<Desk, 'risk' | 'strategies'>;
  /** Changes that wait for approval. */
  readonly waiting: readonly ApprovalShown[];
  /** Newest first. */
  readonly history: readonly SettingsChangeRecord[];
  /** What could not be read, in words. */
  readonly problems: readonly string[];
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
    settings: settingsInForce(desk, status.settings.changed),
    restartOnly,
    waiting: approvals.filter(({ kind, state }) => kind === SETTINGS_APPROVAL && state === 'open'),
    history,
    problems,
  };
}
