/** A short validation on recorded prices. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { validationId } from '../../../../src/contracts/queues.js';
import { startValidation } from '../../../../src/operations/validations.js';
import type { ValidationReport } from '../../../../src/validation/report/report.js';
import { keepRequest, type ValidationRequest } from '../../../../src/validation/request.js';
import { loadDesk } from '../../../../src/venue/load-desk.js';
import { HOUR_MS, recorded, waves, writeMinutes } from '../../../validation/support/validations.js';
import { until } from '../../eventually.js';
import { countOf, OPERATOR } from '../bench.js';
import type { Procedure } from '../procedure.js';

const HOURS = 6;
/** Before it, strategies are shown the past. */
const MINUTES = 24 * 60;

export const validation: Procedure = {
  name: 'a validation',
  carryOut: async ({ desk, runtime, temporal, folder }, watch, cell) => {
    const loaded = loadDesk(runtime.deskFile);
    const prices = join(folder, 'minutes.csv');
    if (!existsSync(prices)) writeMinutes(folder, waves(MINUTES));
    const request: ValidationRequest = {
      version: 1,
      id: cell,
      desk: runtime.desk,
      configHash: loaded.configHash,
      createdMs: Date.now(),
      durationMs: HOURS * HOUR_MS,
      market: recorded(prices),
      criteria: loaded.desk.goLive.criteria,
      reportFolder: join(folder, cell),
      requestedBy: OPERATOR.person,
    };
    keepRequest(desk.home, request, loaded);
    watch(validationId(runtime.desk, cell));
    await until('the validation is under way', () => startValidation(temporal, request));
  },
  leaves: async (bench, _run, cell) => {
    const { desk } = bench.runtime;
    const found = await bench.pool.query<{ report: string }>(
      'select report from validation_report where desk = $1 and validation_id = $2',
      [desk, cell],
    );
    return {
      // The same prices give the same trades, however often the process died on the way.
      results: found.rows.map(({ report }) => (JSON.parse(report) as ValidationReport).results),
      files: readdirSync(join(bench.folder, cell)).length,
      told: await countOf(bench, 'notice where fingerprint = $1', [`validation:${desk}:${cell}`]),
    };
  },
};
