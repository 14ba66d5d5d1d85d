/** The workflow types that the workers know, as their bundles export them. */
import * as emergency from '../../../src/workflows/emergency/bundle.js';
import * as operations from '../../../src/workflows/operations/bundle.js';

export type BundleName = 'emergency' | 'operations';

export const WORKFLOW_TYPES: Readonly<Record<BundleName, readonly string[]>> = {
  emergency: Object.keys(emergency),
  operations: Object.keys(operations),
};
