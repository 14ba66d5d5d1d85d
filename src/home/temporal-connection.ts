/** How clients reach Temporal at a socket. Beside `external-temporal.ts`, which the trader loads too: it must load no Temporal. */
import { Connection } from '@temporalio/client';
import { socketOf } from './external-temporal.js';

/**
 * The SDK refuses any address but host:port, although the grpc-js below it can reach a socket. This class
 * passes the socket's address to grpc-js.
 */
export function connectionClass(address: string): typeof Connection {
  if (socketOf(address) === null) return Connection;
  return class SocketConnection extends Connection {
    static override readonly Client = new Proxy(Connection.Client, {
      construct: (target, [_address, ...rest]) => Reflect.construct(target, [address, ...rest]),
    });
  };
}

/** The address that the SDK gets instead of the socket's. */
export function addressForSdk(address: string): string {
  return socketOf(address) === null ? address : 'localhost';
}
