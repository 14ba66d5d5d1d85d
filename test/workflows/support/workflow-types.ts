/** The workflow types that the workers know, as their bundles export them. */
import type { BundleName } from '../../../src/worker/workflow-bundles.js';
import * as emergency from '../../../src/workflows/emergency/bundle.js';
import * as operations from '../../../src/workflows/operations/bundle.js';
import * as packs from '../../../src/workflows/packs/bundle.js';

export type { BundleName };

export const WORKFLOW_TYPES: Readonly<Record<BundleName, readonly string[]>> = {
  emergency: Object.keys(emergency),
  operations: Object.keys(operations),
  packs: Object.keys(packs),
};
