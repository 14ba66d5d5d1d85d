/** The part of a ccxt socket that makes promises. */
interface FutureMaker {
  future(hash: string): Promise<unknown>;
  guarded?: boolean;
}

/**
 * A failed connect or subscribe leaves a promise that nobody awaits, which would end the process: each gets a
 * handler.
 */
export function guardFutures<Client extends FutureMaker>(exchange: { client(url: string): Client }): void {
  const makeClient = exchange.client.bind(exchange);
  exchange.client = (url) => {
    const client = makeClient(url);
    if (client.guarded) return client;
    const makeFuture = client.future.bind(client);
    client.future = (hash) => {
      const future = makeFuture(hash);
      future.catch(() => {});
      return future;
    };
    client.guarded = true;
    return client;
  };
}
