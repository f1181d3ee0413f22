/** The documentation's site, as `make site` has built it, in a headless Chromium. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, sections } from '../../site/.vitepress/navigation.ts'
import { findChromium, startChromium } from './chromium.ts'
import { keepScreenshot } from './in-browser.ts'
import { TEST_DOMAIN } from './site.ts'

const SITE = join('build', 'site')
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}

const chromium = findChromium()
const missing = [
  ...(existsSync(join(SITE, 'index.html')) ? [] : ['no build/site: `make site` builds it']),
  ...(chromium.found ? [] : [chromium.reason]),
].join('; ')

/** Serves files as any web server does: nothing of the site needs more. */
function serve(): Server {
  return createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://site').pathname).replace(/\/$/, '/index.html')
    const file = join(SITE, path)
    if (!existsSync(file)) {
      response.writeHead(404).end()
      return
    }
    response
      .writeHead(200, { 'content-type': MEDIA_TYPES[extname(path)] ?? 'text/plain' })
      .end(readFileSync(file))
  })
}

function declareTests(executable: string): void {
  const server = serve()
  const errors: string[] = []
  let browser: Browser
  let page: Page
  let origin: string

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://docs.${TEST_DOMAIN}:${(server.address() as AddressInfo).port}`
    browser = await startChromium(executable, '')
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('response', (response) => {
      if (response.status() >= 400) errors.push(`${response.status()}: ${response.url()}`)
    })
  })

  afterAll(async () => {
    await browser.close()
    server.close()
  })

  const open = (path: string) => page.goto(`${origin}${path}`, { waitUntil: 'networkidle' })

  test('a word in the search leads to its page', async () => {
    await open('/')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('#localsearch-input').fill('one session for a connection')
    const first = page.locator('#localsearch-list a').first()
    await first.filter({ hasText: 'One session for a connection' }).waitFor()
    await keepScreenshot(page, 'site-search')
    await first.click()
    await page.waitForURL('**/docs/connection-scope.html*')
    await page.getByRole('heading', { level: 1, name: 'One session for a connection' }).waitFor()
  })

  test('the sidebar has every page, in its order, and they open without an error', async () => {
    await open('/')
    const expected = sections('.').flatMap(({ pages }) =>
      pages.flatMap((each) => ('file' in each ? [each] : each.pages)),
    )
    const hrefs = await page
      .locator('.VPSidebar a')
      .evaluateAll((links) => links.map((link) => (link as unknown as { pathname: string }).pathname))
    const addresses = expected.map(({ file }) => addressOf(file).replace(/\/index\.html$/, '/'))
    expect(hrefs.map((href) => href.replace(/\/index\.html$/, '/'))).toEqual([...addresses, '/api/'])
    // In the browser those that stand alone and the first of each folder: a hundred take half a minute.
    const opened = sections('.').flatMap(({ pages }) =>
      pages.flatMap((each) => ('file' in each ? [each] : each.pages.slice(0, 1))),
    )
    for (const { file, title } of opened) {
      await page.goto(`${origin}${addressOf(file)}`)
      const heading = await page.locator('h1').first().innerText()
      expect(heading.replace(/\u200b/g, '').trim()).toBe(title)
    }
    await page.waitForLoadState('networkidle')
    expect(errors).toEqual([])
  })

  test('a diagram is drawn', async () => {
    await open('/')
    const drawn = page.locator('.diagram svg')
    await drawn.waitFor()
    expect(await drawn.innerHTML()).toContain('mints a session id')
    await keepScreenshot(page, 'site-start')
  })

  test('a manifest that a page links to is there, as it stands in the repository', async () => {
    await open('/docs/mesh.html')
    const [href = ''] = await page
      .locator('a[href$="manifests/ingress-gateway/wasm-plugin.yaml"]')
      .evaluateAll((links) => links.map((link) => (link as unknown as { href: string }).href))
    const answer = await fetch(href.replace(`docs.${TEST_DOMAIN}`, '127.0.0.1'))
    expect(await answer.text()).toBe(readFileSync('manifests/ingress-gateway/wasm-plugin.yaml', 'utf8'))
  })

  test('the reference of the host’s API is a click away', async () => {
    await open('/docs/host.html')
    await page.locator('.VPSidebar').getByRole('link', { name: 'API of the host' }).click()
    await page.waitForURL('**/api/index.html')
    await page.getByRole('link', { name: 'gateway' }).first().waitFor()
    expect(errors).toEqual([])
  })

  test('links that lead nowhere are found: to files, to anchors, to places outside', async () => {
    const { deadLinks } = (await import(pathToFileURL('site/.vitepress/dead-links.ts').href)) as {
      readonly deadLinks: (directory: string, base: string) => readonly string[]
    }
    const directory = mkdtempSync(join(tmpdir(), 'mooring-test-'))
    try {
      writeFileSync(join(directory, 'plain.txt'), '')
      writeFileSync(join(directory, 'b.html'), '<h2 id="in-b">B</h2><a href="a.html">a</a>')
      writeFileSync(
        join(directory, 'a.html'),
        `<h2 id="in-a">A</h2><a href="#in-a"></a><a href="b.html#in-b"></a><a href="/docs/plain.txt"></a>
         <a href="https://example.com/#any"></a><a href="mailto:a@example.com"></a><a href="/docs/a.html?x=1#in-a"></a>
         <a href="#in-b"></a><a href="b.html#in-a"></a><a href="c.html"></a><a href="/a.html"></a><img src="a.png">
         <a href="plain.txt#line"></a>`,
      )
      expect(deadLinks(directory, '/docs/')).toEqual(
        ['#in-b', 'b.html#in-a', 'c.html', '/a.html', 'a.png', 'plain.txt#line'].map(
          (link) => `a.html: ${link}`,
        ),
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
}

describe('the site', () => {
  if (missing === '' && chromium.found) {
    declareTests(chromium.executable)
    return
  }
  test('a browser and the site are there', (context) => {
    if (process.env['MOORING_REQUIRE_SITE'] === '1')
      throw new Error(`MOORING_REQUIRE_SITE is set: ${missing}`)
    process.stderr.write(`SKIPPED: every test of the documentation's site: ${missing}\n`)
    context.skip(missing)
  })
})
