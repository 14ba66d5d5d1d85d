import { describeKills } from '../support/kill-matrix/matrix.js';
import { stop } from '../support/kill-matrix/procedures/emergencies.js';

await describeKills(stop);
