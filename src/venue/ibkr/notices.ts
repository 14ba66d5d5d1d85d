/** What TWS tells about no request, by its code. */

export const IN_USE = 326;
/** The way to the broker is back, and what was subscribed is not. */
export const DATA_LOST = 1101;
/** The library could not read a message: a field too few or too many. */
export const UNREADABLE = 505;

/** Whether the way from the Gateway to the broker is broken afterwards; null: it says nothing of that. */
export function linkAfter(code: number): boolean | null {
  if (code === 1100 || code === 2110) return true;
  return code === DATA_LOST || code === 1102 ? false : null;
}

/** Notices of the 2100s are warnings, whichever they are about. */
export const isWarning = (code: number): boolean => code >= 2100 && code < 3000;

const FARMS: Readonly<Record<number, { readonly farm: 'market data' | 'history'; readonly up: boolean }>> = {
  2103: { farm: 'market data', up: false },
  2104: { farm: 'market data', up: true },
  2105: { farm: 'history', up: false },
  2106: { farm: 'history', up: true },
};

export const farmAfter = (code: number) => FARMS[code] ?? null;
