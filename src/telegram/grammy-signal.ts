import type { Api } from 'grammy';

export type GrammySignal = NonNullable<Parameters<Api['getMe']>[0]>;

/** grammY names a signal type of another package; at run time any signal with `addEventListener` serves. */
export function grammySignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}
