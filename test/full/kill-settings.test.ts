import { describeKills } from '../support/kill-matrix/matrix.js';
import { settings } from '../support/kill-matrix/procedures/settings.js';

await describeKills(settings);
