import { describeKills } from '../support/kill-matrix/matrix.js';
import { routine } from '../support/kill-matrix/procedures/routine.js';

await describeKills(routine);
