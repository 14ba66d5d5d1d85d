/** The contents of the operations worker's bundle. */
export { canary } from '../canary.js';
export { backup, restoreDrill } from './backup.js';
export { deploy } from './deploy.js';
export { goLive } from './go-live/go-live.js';
export { incident } from './incident/incident.js';
export { pulse } from './pulse.js';
export { resumption } from './resumption/resumption.js';
export { routine } from './routine/routine.js';
export { settingsChange } from './settings-change.js';
export { preflight, validation } from './validation.js';
