import type { Api } from 'grammy';

export type GrammySignal = NonNullable<Parameters<Api['getMe']>[0]>;

/** grammY's signal type comes from another package; at run time any signal with `addEventListener` will do. */
export function grammySignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}
