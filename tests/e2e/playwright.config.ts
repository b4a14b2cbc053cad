import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig } from '@playwright/test';
import { resolve } from 'node:path';

export default defineConfig<PluginOptions>({
  testDir: '.',
  outputDir: 'results',
  // One Grafana, whose data sources and dashboards the tests share.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 45_000 },
  reporter: 'list',
  use: {
    baseURL: process.env.GRAFANA_URL,
    provisioningRootDir: resolve(__dirname, '../../provisioning'),
    viewport: { width: 1500, height: 1000 },
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
