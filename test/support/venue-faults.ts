/** What can go wrong with one call to a venue, and how the venue treats it then. */

/**
 * `unavailable`: 503, nothing was done. `reject`: refused by the venue. `ban`: 418, nothing is done for that long.
 * `hang`: no answer for that long, then none; `applied` says whether it was done. `unacknowledged`: done, the answer is
 * lost. `lost`: the request never arrives. `late`: done in time, answered that much later. `doubled`: done once, told
 * twice.
 */
export type Fault =
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'reject'; readonly code?: string; readonly text?: string }
  | { readonly kind: 'ban'; readonly forMs: number }
  | { readonly kind: 'hang'; readonly forMs: number; readonly applied: boolean }
  | { readonly kind: 'unacknowledged' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'late'; readonly byMs: number }
  | { readonly kind: 'doubled' };

/** Whether a request took effect, and whether there is an answer. */
export interface Treatment {
  readonly applied: boolean;
  readonly answer: 'true' | 'rejected' | 'none';
  readonly cause: string;
  readonly extraMs: number;
}

const HEALTHY: Treatment = { applied: true, answer: 'true', cause: '', extraMs: 0 };

export const BANNED: Treatment = { ...HEALTHY, applied: false, answer: 'none', cause: '418 banned' };

export function treatmentOf(fault: Fault | null): Treatment {
  switch (fault?.kind) {
    case 'unavailable':
      return { ...HEALTHY, applied: false, answer: 'none', cause: '503 Service Unavailable' };
    case 'reject':
      return { ...HEALTHY, applied: false, answer: 'rejected' };
    case 'ban':
      return BANNED;
    case 'hang':
      return { applied: fault.applied, answer: 'none', cause: 'no answer in time', extraMs: fault.forMs };
    case 'unacknowledged':
      return { ...HEALTHY, answer: 'none', cause: 'connection closed before the answer' };
    case 'lost':
      return { ...HEALTHY, applied: false, answer: 'none', cause: 'connection lost' };
    case 'late':
      return { ...HEALTHY, extraMs: fault.byMs };
    default:
      return HEALTHY;
  }
}

export function rejectionOf(fault: Fault | null): { readonly code: string; readonly text: string } {
  const reject = fault?.kind === 'reject' ? fault : null;
  return { code: reject?.code ?? '-1013', text: reject?.text ?? 'Filter failure: PERCENT_PRICE' };
}
