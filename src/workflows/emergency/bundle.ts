/** What the emergency worker's bundle holds, and nothing else: a bad line elsewhere can't hold a stop up. */
export { canary } from '../canary.js';
export { deskOwner } from './desk-owner.js';
export { emergencyStop } from './emergency-stop.js';
