/**
 * TWS's refusals, in its words. Letters in quotation marks are names of its obfuscated classes and change with each
 * release.
 */
export const refused = {
  reading: (why: string) => ({ code: 320, text: `Error reading request.-'bM' : cause - ${why}` }),
  validating: (why: string) => ({ code: 321, text: `Error validating request.-'bN' : cause - ${why}` }),
  processing: (why: string) => ({ code: 322, text: `Error processing request.-'bO' : cause - ${why}` }),
  contract: (code: 200 | 321, why: string) => (code === 200 ? { code, text: why } : refused.validating(why)),
} as const;

export interface Refused {
  readonly code: number;
  readonly text: string;
}
