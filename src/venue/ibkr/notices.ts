/** Messages of TWS that belong to no request, by their code. */

export const IN_USE = 326;
/** The link to the broker is back, but subscriptions were lost. */
export const DATA_LOST = 1101;
/** The library could not read a message: it had too few or too many fields. */
export const UNREADABLE = 505;

/**
 * Whether the link from the Gateway to the broker is broken after this notice; null if the notice is not about the
 * link.
 */
export function linkAfter(code: number): boolean | null {
  if (code === 1100 || code === 2110) return true;
  return code === DATA_LOST || code === 1102 ? false : null;
}

/** Codes from 2100 to 2999 are warnings, whatever they are about. */
export const isWarning = (code: number): boolean => code >= 2100 && code < 3000;

const FARMS: Readonly<Record<number, { readonly farm: 'market data' | 'history'; readonly up: boolean }>> = {
  2103: { farm: 'market data', up: false },
  2104: { farm: 'market data', up: true },
  2105: { farm: 'history', up: false },
  2106: { farm: 'history', up: true },
};

export const farmAfter = (code: number) => FARMS[code] ?? null;
