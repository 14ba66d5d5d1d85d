import { describeKills } from '../support/kill-matrix/matrix.js';
import { incident } from '../support/kill-matrix/procedures/incident.js';

await describeKills(incident);
