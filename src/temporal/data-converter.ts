/**
 * How payloads are written, for every client and worker of Fermata: sealed with the key of the installation, failures'
 * messages and stack traces included.
 */
import { fileURLToPath } from 'node:url';
import type { DataConverter, PayloadCodec } from '@temporalio/common';
import { readPayloadKeys } from '../home/payload-keys.js';
import { createPayloadCodec } from './payload-codec.js';

/** Loaded by its path, in this process and in the workflows' own sandbox: the compiled file, wherever this one runs. */
export const FAILURE_CONVERTER = fileURLToPath(
  new URL('../../dist/workflows/failure-converter.js', import.meta.url),
);

/** Throws where the installation has no key. */
export function payloadCodecOf(home: string): PayloadCodec {
  return createPayloadCodec(readPayloadKeys(home));
}

export function dataConverterOf(home: string): DataConverter {
  return {
    failureConverterPath: FAILURE_CONVERTER,
    payloadCodecs: [payloadCodecOf(home)],
  };
}
