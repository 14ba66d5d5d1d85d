/** `@stoqey/ib` as people use it, unchanged, and everything that it tells. */
import { EventName, IBApi } from '@stoqey/ib';
import { expect, vi } from 'vitest';

const clients: IBApi[] = [];

export class TwsClient {
  readonly api: IBApi;
  /** Name and arguments of everything that the library told. */
  readonly told: unknown[][] = [];
  readonly errors: { readonly code: number; readonly id: number; readonly text: string }[] = [];
  readonly infos: { readonly code: number; readonly text: string }[] = [];

  constructor(port: number, clientId: number) {
    this.api = new IBApi({ host: '127.0.0.1', port, clientId });
    clients.push(this.api);
    this.api.on(EventName.all, (name, args) => this.told.push([name, ...(args as unknown[])]));
    this.api.on(EventName.error, (error, code, id) => this.errors.push({ code, id, text: error.message }));
    this.api.on(EventName.info, (text, code) => this.infos.push({ code, text }));
    this.api.connect();
  }

  of(name: EventName): unknown[][] {
    return this.told.filter(([its]) => its === name).map(([, ...args]) => args);
  }

  async heard(name: EventName, count = 1): Promise<unknown[][]> {
    await vi.waitFor(() => expect(this.of(name).length).toBeGreaterThanOrEqual(count), {
      timeout: 20_000,
      interval: 10,
    });
    return this.of(name);
  }

  async refused(id: number): Promise<{ code: number; text: string }> {
    const found = await vi.waitUntil(() => this.errors.find((error) => error.id === id), {
      timeout: 20_000,
      interval: 10,
    });
    return { code: found.code, text: found.text };
  }
}

/** Told its accounts, its next order id and that data is there. */
export async function readyClient(port: number, clientId: number): Promise<TwsClient> {
  const client = new TwsClient(port, clientId);
  await client.heard(EventName.nextValidId);
  await vi.waitFor(() => expect(client.infos.map(({ code }) => code)).toContain(2158), {
    timeout: 20_000,
    interval: 10,
  });
  return client;
}

export function disconnectClients(): void {
  for (const client of clients.splice(0)) client.disconnect();
}
