/** The emergency worker's bundle. It holds nothing else, so that a broken line elsewhere can't hold up a stop. */
export { canary } from '../canary.js';
export { deskOwner } from './desk-owner.js';
export { emergencyStop } from './emergency-stop.js';
