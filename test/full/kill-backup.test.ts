import { describeKills } from '../support/kill-matrix/matrix.js';
import { backup } from '../support/kill-matrix/procedures/backup.js';

await describeKills(backup);
