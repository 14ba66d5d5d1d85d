/** What the operations worker's bundle holds. */
export { canary } from '../canary.js';
export { backup } from './backup.js';
export { goLive } from './go-live.js';
export { incident } from './incident.js';
export { pulse } from './pulse.js';
export { restoreDrill } from './restore-drill.js';
export { resumption } from './resumption.js';
export { routine } from './routine.js';
export { settingsChange } from './settings-change.js';
export { validation } from './validation.js';
