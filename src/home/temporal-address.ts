/** Temporal behind a Unix socket: `unix:///path`, in gRPC's notation. */
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';

const SCHEME = 'unix://';

/** The path of the socket; null if the address is host:port. */
export function socketOf(address: string): string | null {
  return address.startsWith(SCHEME) ? address.slice(SCHEME.length) : null;
}

/** Beside the socket for clients: the one at which a worker asks by HTTP CONNECT to be passed on. */
export const socketOfWorkers = (socket: string): string => join(dirname(socket), 'workers.sock');

export function addressOfSocket(path: string): string {
  return `${SCHEME}${path}`;
}

/**
 * The SDK refuses any address but host:port, though grpc-js below it can reach a socket: this class puts the socket
 * in there.
 */
export function connectionClass(address: string): typeof Connection {
  if (socketOf(address) === null) return Connection;
  return class SocketConnection extends Connection {
    static override readonly Client = new Proxy(Connection.Client, {
      construct: (target, [_address, ...rest]) => Reflect.construct(target, [address, ...rest]),
    });
  };
}

/** The address that the SDK gets in place of the socket's. */
export function addressForSdk(address: string): string {
  return socketOf(address) === null ? address : 'localhost';
}
