import { openLiveBench } from '../support/kill-matrix/live-bench.js';
import { describeKills } from '../support/kill-matrix/matrix.js';
import { goLive } from '../support/kill-matrix/procedures/go-live.js';

await describeKills(goLive, openLiveBench);
