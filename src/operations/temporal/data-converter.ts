/** How payloads are written, for every client and worker of Fermata: the one place where a codec goes in. */
import type { DataConverter } from '@temporalio/common';

export const dataConverter: DataConverter = {};
