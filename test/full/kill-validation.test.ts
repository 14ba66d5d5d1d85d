import { describeKills } from '../support/kill-matrix/matrix.js';
import { validation } from '../support/kill-matrix/procedures/validation.js';

await describeKills(validation);
