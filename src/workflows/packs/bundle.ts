/** What the packs' bundle holds of ours; the desk's own code is put beside it (`pack/playbook/bundle-playbooks.ts`). */
export { canary } from '../canary.js';
export { playbook } from './playbook.js';
