import type { GoLiveShown, PreflightReport, ValidationShown } from '../api/shapes.js';
import { typed } from '../typed.js';

/** In the order in which a person would deal with it; unknown items are left out. */
export function missingForRealMoney(
  { mode, granted, approvers, needed }: GoLiveShown,
  preflight: PreflightReport | null,
  validations: readonly ValidationShown[] | null,
): readonly string[] {
  const missing: string[] = [];
  if (granted !== null) return missing;
  if (mode !== 'live')
    missing.push('A desk file of its own with `mode: live`; this desk trades paper money.');
  if (approvers.length < needed)
    missing.push(`${needed} approvers have to agree, and the desk file has ${approvers.length}.`);
  if (validations !== null && !validations.some(({ goLive }) => goLive.qualifies))
    missing.push(
      `A validation on real prices that ends with GO, for this very desk file: \`${typed('validate')}\`.`,
    );
  for (const { title, verdict } of preflight?.results ?? [])
    if (verdict === 'fail') missing.push(`Pre-flight: ${title}.`);
  missing.push(`The permission itself: an operator asks for it here, or by \`${typed('go-live')}\`.`);
  return missing;
}
