/** Our part of the packs' bundle; the desk's own code is added by `pack/playbook/read-playbooks.ts`. */
export { canary } from '../canary.js';
export { playbook } from './playbook.js';
