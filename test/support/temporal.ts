/** The Temporal server that the whole test run shares: use a task queue (and workflow ids) of your own per file. */
import { inject } from 'vitest';

export interface TemporalAddress {
  /** gRPC, `host:port`. */
  readonly kind: 'managed';
  readonly address: string;
  readonly namespace: string;
  readonly uiAddress: string;
  /** The HTTP API that the development server always opens, and that is closed to everybody. */
  readonly httpAddress: string;
  /** The `temporal` program, for tests that use its command line. */
  readonly binary: string;
}

/** Started when first asked for (2 to 3 s). */
export async function sharedTemporal(): Promise<TemporalAddress> {
  const answer = await fetch(`${inject('supportAddress')}/temporal`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as TemporalAddress;
}
