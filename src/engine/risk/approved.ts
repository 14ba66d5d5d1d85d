/** The brand that only the risk gate can put on. A venue takes nothing else. */
declare const approvedBrand: unique symbol;

export type Approved<T> = T & { readonly [approvedBrand]: true };
