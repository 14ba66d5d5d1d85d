const ANSWER_MS = 5_000;

/** The address is in no error: it may hold a signature. */
export async function askExchange(url: string, apiKey?: string): Promise<unknown> {
  const headers = apiKey === undefined ? {} : { 'X-MBX-APIKEY': apiKey };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(`the exchange answered the auditor with ${response.status}`);
  return response.json();
}
