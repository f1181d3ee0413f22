import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { findEnvoy, DEFAULT_ENVOY_VERSION } from '../../tools/envoy.ts'
import { packageRoot } from '../../tools/package-root.ts'
import { findChromium, startChromium } from './chromium.ts'
import { createCertificate, startSite, type Site, type SiteOptions } from './site.ts'

/** What tests in a browser start from. */
export interface Browsing {
  /** The Envoy, for sites other than the demo. */
  readonly envoy: string
  /** The demo behind a new Envoy. */
  readonly site: (options?: SiteOptions) => Promise<Site>
  /** Somebody with a browser of their own: nothing is shared with other visitors. */
  readonly visitor: () => Promise<BrowserContext>
}

const chromium = findChromium()
// The newest Envoy alone: what differs between Envoys no browser sees.
const envoy = await findEnvoy({ version: DEFAULT_ENVOY_VERSION })
const missing = [
  ...(chromium.found ? [] : [chromium.reason]),
  ...(envoy.found ? [] : [`no Envoy ${DEFAULT_ENVOY_VERSION}: ${envoy.reason}`]),
].join('; ')

/**
 * Declares tests in a headless Chromium, against the demo in a real Envoy. Where either is missing they are skipped,
 * loudly; with MOORING_REQUIRE_BROWSER=1 they fail instead, since there a skipped test is a missing proof.
 */
export function inBrowser(declare: (browsing: Browsing) => void): void {
  if (!chromium.found || !envoy.found) {
    test('a browser and an Envoy can be had', (context) => {
      if (process.env['MOORING_REQUIRE_BROWSER'] === '1') {
        throw new Error(`MOORING_REQUIRE_BROWSER is set: ${missing}`)
      }
      process.stderr.write(`SKIPPED: every test in a browser: ${missing}\n`)
      context.skip(missing)
    })
    return
  }
  const { executable } = chromium
  const { binary } = envoy
  describe('in Chromium', () => {
    const { identity, publicKeyHash } = createCertificate()
    let browser: Browser
    const visitors: BrowserContext[] = []

    beforeAll(async () => {
      browser = await startChromium(executable, publicKeyHash)
    })

    afterAll(async () => {
      await Promise.all(visitors.map((visitor) => visitor.close()))
      await browser.close()
    })

    declare({
      envoy: binary,
      site: (options = {}) => startSite(binary, identity, options),
      visitor: async () => {
        const visitor = await browser.newContext()
        visitors.push(visitor)
        return visitor
      },
    })
  })
}

/** Keeps a picture of the page under build/screenshots/, for people to look at. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const directory = join(packageRoot, 'build', 'screenshots')
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true })
}
