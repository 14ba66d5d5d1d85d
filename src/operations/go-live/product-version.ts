import { readFileSync } from 'node:fs';

/** Of package.json, which lies above both sources and compiled files. */
export const PRODUCT_VERSION = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
