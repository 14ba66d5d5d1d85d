import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/**
 * The web role serves the page from dist/dashboard. Nothing is inlined, so that the strict content security policy
 * holds.
 */
export default defineConfig({
  plugins: [preact()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
