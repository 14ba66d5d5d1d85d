/** Who may call what. A person has the roles that the desk file gives, read at every request's sign-in check. */
export type PersonRole = 'viewer' | 'operator' | 'approver';

/** One of these is enough. */
export type RolesNeeded = readonly PersonRole[];

export const ANY_ROLE: RolesNeeded = ['viewer', 'operator', 'approver'];
/** What makes the desk safer is open to everybody who may do anything at all. */
export const MAY_STOP: RolesNeeded = ['operator', 'approver'];
export const OPERATOR: RolesNeeded = ['operator'];
export const APPROVER: RolesNeeded = ['approver'];
