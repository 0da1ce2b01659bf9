import { defineConfig } from '@playwright/test'

export default defineConfig({ testMatch: '*.spec.ts', fullyParallel: true, reporter: 'line', timeout: 300_000 })
