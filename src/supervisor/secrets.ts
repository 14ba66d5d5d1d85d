export { ensureSecrets, readSecret } from '../home/secrets.js';
