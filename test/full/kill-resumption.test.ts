import { describeKills } from '../support/kill-matrix/matrix.js';
import { resumption } from '../support/kill-matrix/procedures/resumption.js';

await describeKills(resumption);
