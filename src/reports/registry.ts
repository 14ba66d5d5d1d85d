/** Every report that a desk file can name. A new one is a file and a line here and in the schema. */
import { costs } from './costs.js';
import { incidents } from './incidents.js';
import { limits } from './limits.js';
import { performance } from './performance.js';
import type { Report, ReportName } from './report.js';
import { strategies } from './strategies.js';
import { versions } from './versions.js';

const BY_NAME: Readonly<Record<ReportName, Report>> = {
  performance,
  strategies,
  costs,
  incidents,
  limits,
  versions,
};

export const REPORTS: ReadonlyMap<string, Report> = new Map(Object.entries(BY_NAME));
