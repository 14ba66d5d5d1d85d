/**
 * The data converter of every client and worker of Fermata: payloads are sealed with the installation's key, including
 * failure messages and stack traces.
 */
import { fileURLToPath } from 'node:url';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { readPayloadKeys } from '../home/payload-keys.js';
import { createPayloadCodec } from './payload-codec.js';

/** Loaded by path, in this process and in the workflows' sandbox: always the compiled file, wherever this one runs. */
export const FAILURE_CONVERTER = fileURLToPath(
  new URL('../../dist/workflows/failure-converter.js', import.meta.url),
);

/** Throws if the installation has no key. */
export function payloadCodecOf(home: string): PayloadCodec {
  return createPayloadCodec(readPayloadKeys(home));
}

export function dataConverterOf(home: string): DataConverter {
  return {
    failureConverterPath: FAILURE_CONVERTER,
    payloadCodecs: [payloadCodecOf(home)],
  };
}
