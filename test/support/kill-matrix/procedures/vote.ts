import type { Signing } from '../../../../dashboard/src/api/shapes.js';
import { signStatement } from '../../../../src/domain/signed-vote.js';
import { ownKeyOf } from '../../own-keys.js';
import type { Page } from '../page.js';

interface Approval {
  readonly id: string;
  readonly workflowId: string;
  readonly title: string;
  readonly parametersHash: string;
  readonly state: string;
}

/** Null: this run has not asked yet. `about`: words of its title, where the same workflow may have asked before. */
export async function approvalOf(page: Page, workflowId: string, about = ''): Promise<Approval | null> {
  const { approvals } = await page.get<{ approvals: readonly Approval[] }>('/api/approvals');
  return approvals.find((one) => one.workflowId === workflowId && one.title.includes(about)) ?? null;
}

/** Approves what this run asks. True where it has been decided. */
export async function vote(page: Page, workflowId: string, about = ''): Promise<boolean> {
  const approval = await approvalOf(page, workflowId, about);
  if (approval === null || approval.state !== 'open') return approval !== null;
  const { id, parametersHash } = approval;
  const { statement } = await page.get<Signing>(`/api/signing?approval=${encodeURIComponent(id)}`);
  const own =
    statement === null ? {} : { signature: signStatement(ownKeyOf(page.person), statement, page.person) };
  const given = { choice: 'approve', parametersHash, reason: 'as it was shown', ...own };
  // Who has voted already is refused, and the vote stands.
  await page.send('POST', `/api/approvals/${encodeURIComponent(id)}/vote`, given).catch(() => undefined);
  return false;
}
