import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.WAGGLE_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    sourcemap: false,
    chunkSizeWarningLimit: 700,
  },
  worker: { format: 'es' },
  server: {
    proxy: Object.fromEntries(['/api', '/1', '/2', '/v1', '/healthz', '/readyz', '/metrics'].map((p) => [p, api])),
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
