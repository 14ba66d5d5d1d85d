/** The versions of a segment that this program reads. */
import type { FrameFormat } from './format.js';
import { FORMAT_1 } from './v1.js';
import { FORMAT_2 } from './v2/group.js';

const FORMATS: Readonly<Record<number, FrameFormat | undefined>> = { 1: FORMAT_1, 2: FORMAT_2 };

/** Undefined: of a later version. */
export function formatOf(version: number): FrameFormat | undefined {
  return FORMATS[version];
}
