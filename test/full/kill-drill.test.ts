import { describeKills } from '../support/kill-matrix/matrix.js';
import { drill } from '../support/kill-matrix/procedures/drill.js';

await describeKills(drill);
