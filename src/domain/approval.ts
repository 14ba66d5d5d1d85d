/** Exactly what a vote is about, as one text that is signed with it. */
import { createHash } from 'node:crypto';

export type ApprovalParameters = Readonly<Record<string, string | number | boolean>>;

export interface ApprovalTerms {
  /** Business id, for example `golive:my-desk:2.1:1:start`. */
  readonly id: string;
  readonly kind: string;
  /** What the action acts on: a halt id, a release, a settings version. */
  readonly subject: string;
  readonly parameters: ApprovalParameters;
}

/** Hex SHA-256 over the parameters, independent of the order of their keys. */
export function parametersHash(parameters: ApprovalParameters): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** The `subject` of a vote's decision. A different approval, subject or parameter yields a different text. */
export function decisionSubject({ id, kind, subject, parameters }: ApprovalTerms): string {
  return JSON.stringify([id, kind, subject, parametersHash(parameters)]);
}
