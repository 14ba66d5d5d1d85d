import type { Approval } from '../../contracts/approval.js';
import { SETTINGS_APPROVAL, settingsTerms } from '../../domain/settings-change.js';
import type { OperationContext } from '../operation.js';
import { readStatus } from '../read-status.js';

/**
 * Settings that were changed after this was asked for: the trader takes no votes on an older version. Null where that
 * is not so, or the trader does not answer and decides by itself later.
 */
export async function overtaken(context: OperationContext, approval: Approval): Promise<string | null> {
  if (approval.kind !== SETTINGS_APPROVAL) return null;
  const status = await readStatus(context).catch(() => null);
  if (status === null) return null;
  const { incarnation, settings } = status;
  const now = settingsTerms({ incarnation, version: settings.version + 1, changes: [] });
  return now.subject === approval.subject
    ? null
    : 'The settings were changed after this was asked for, so the trader will not take it: they stay as they are now. Ask for the change again.';
}
