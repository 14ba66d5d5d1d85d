/** How a worker reaches Temporal: docs/design/temporal-access.md. */
import { NativeConnection, Runtime as WorkerRuntime } from '@temporalio/worker';
import { socketOf, socketOfWorkers } from '../home/external-temporal.js';
import type { Runtime } from '../home/runtime.js';
import { connectOptions } from './connect-options.js';

/** The runtime's internal function that makes connections. */
interface Native {
  createNative(newClient: unknown, native: unknown, options: object): Promise<unknown>;
}

/** Throws if nothing answers there. The caller closes the connection. */
export function connectWorker(place: Pick<Runtime, 'temporal'>): Promise<NativeConnection> {
  const socket = socketOf(place.temporal.address);
  if (socket === null) return NativeConnection.connect(connectOptions(place));
  return SocketConnection.through(socketOfWorkers(socket));
}

/**
 * Workers speak only TCP, directly or through an HTTP CONNECT proxy. The core below them accepts a socket as that proxy
 * (`unix:/path`), but the SDK's address parser refuses it, so it is set behind the parser's back. A proxy on TCP would
 * cost 40 ms per message, because the core leaves Nagle's algorithm on there.
 */
class SocketConnection extends NativeConnection {
  static async through(path: string): Promise<NativeConnection> {
    const runtime = WorkerRuntime.instance();
    const { createNative } = runtime as unknown as Native;
    const proxied = Object.create(runtime, {
      createNative: {
        value: (newClient: unknown, native: unknown, options: object) =>
          createNative.call(runtime, newClient, native, {
            ...options,
            httpConnectProxy: { targetHost: `unix:${path}`, basicAuth: null },
          }),
      },
    }) as WorkerRuntime;
    const client = await proxied.createNativeClient({ address: 'localhost' });
    return new SocketConnection(runtime, client, false, []);
  }
}
