import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { isExecutableFile, searchPath } from '../../tools/search-path.ts'
import { TEST_DOMAIN } from './site.ts'

/** A browser to drive, or one line that says why there is none. */
export type ChromiumLookup =
  { readonly found: true; readonly executable: string } | { readonly found: false; readonly reason: string }

/**
 * Finds a Chromium: `$CHROMIUM` first, then `chromium` on the PATH. A `$CHROMIUM` that is no program is an answer,
 * never passed over in silence.
 */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ChromiumLookup {
  const chosen = env['CHROMIUM']
  if (chosen !== undefined && chosen !== '') {
    return isExecutableFile(chosen)
      ? { found: true, executable: chosen }
      : { found: false, reason: `CHROMIUM is set, but ${chosen} is no program` }
  }
  const executable = searchPath('chromium', env['PATH'] ?? '')
  return executable === undefined
    ? { found: false, reason: 'no chromium on the PATH: apt-get install chromium, or set CHROMIUM' }
    : { found: true, executable }
}

/**
 * Starts a headless Chromium in a new, empty profile. It reaches this machine and nothing else, and takes
 * certificates with the key `publicKeyHash` (base64 of the SHA-256 of its SubjectPublicKeyInfo) for valid.
 */
export async function startChromium(executable: string, publicKeyHash: string): Promise<Browser> {
  return await chromium.launch({
    executablePath: executable,
    headless: true,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-proxy-server',
      `--host-resolver-rules=MAP *.${TEST_DOMAIN} 127.0.0.1, MAP * ~NOTFOUND`,
      `--ignore-certificate-errors-spki-list=${publicKeyHash}`,
    ],
  })
}
