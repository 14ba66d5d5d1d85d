const ANSWER_MS = 5_000;

export class ExchangeRefused extends Error {
  override readonly name = 'ExchangeRefused';

  /** `code`: the exchange's own error code; null if it gave none. */
  constructor(
    status: number,
    readonly code: number | null,
  ) {
    super(`the exchange answered the auditor with ${status}`);
  }
}

/** Errors never contain the address: it may hold a signature. */
export async function askExchange(url: string, apiKey?: string): Promise<unknown> {
  const headers = apiKey === undefined ? {} : { 'X-MBX-APIKEY': apiKey };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (response.ok) return response.json();
  const body = (await response.json().catch(() => null)) as { readonly code?: unknown } | null;
  throw new ExchangeRefused(response.status, typeof body?.code === 'number' ? body.code : null);
}
