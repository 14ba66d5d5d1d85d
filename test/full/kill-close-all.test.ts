import { describeKills } from '../support/kill-matrix/matrix.js';
import { closeAll } from '../support/kill-matrix/procedures/emergencies.js';

await describeKills(closeAll);
