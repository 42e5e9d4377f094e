import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv } from 'vite';

/** Where `vite dev` finds a running gateway; a build never reads it, the page always talks to its own origin. */
const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => {
  const gateway = loadEnv(mode, import.meta.dirname, 'NOC_').NOC_GATEWAY_URL ?? DEFAULT_GATEWAY_URL;
  return {
    root: import.meta.dirname,
    plugins: [react()],
    build: {
      target: 'es2022',
      // Every asset stays a hashed file of our own origin: the Content-Security-Policy allows nothing else.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        output: {
          // Libraries change rarely: apart from our own code, browsers keep them over a release.
          codeSplitting: {
            groups: [
              { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 2 },
              { name: 'libraries', test: /node_modules\//, priority: 1 },
            ],
          },
        },
      },
    },
    server: {
      proxy: {
        '/auth': gateway,
        '/api': gateway,
        '/socket.io': { target: gateway, ws: true },
      },
    },
  };
});
