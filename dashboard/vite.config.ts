import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** The page is served by the web role from dist/dashboard; nothing is inlined, so that the strict policy holds. */
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
