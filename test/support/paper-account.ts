/**
 * A paper account of the broker that no other test trades. A desk at a Gateway that is set by its address claims the account on
 * the whole machine, and files run side by side.
 */
export const ownPaperAccount = (): string => `DU${String(process.pid).padStart(7, '0')}`;
