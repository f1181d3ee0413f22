import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'vitest'

/** Tools that are compiled with Go: `istio` is test/istio itself, the others are fetched by `make gotools`. */
export type GoTool = 'istio' | 'crane' | 'oras' | 'kustomize' | 'helm' | 'promtool'

/** Where `make gotools` puts them. */
const CACHE = join('.cache', 'go-bin')

/**
 * Declares tests that need tools written in Go. Where one is missing its tests are skipped, loudly; with
 * MOORING_REQUIRE_GO_TOOLS=1 they fail instead, since there a skipped test is a missing proof.
 */
export function withGoTools<const T extends GoTool>(
  names: readonly T[],
  declare: (paths: Readonly<Record<T, string>>) => void,
): void {
  const paths = Object.fromEntries(names.map((name) => [name, find(name)])) as Record<T, string | undefined>
  const missing = names.filter((name) => paths[name] === undefined)
  describe(`with ${names.join(', ')}`, () => {
    if (missing.length === 0) {
      declare(paths as Record<T, string>)
      return
    }
    test('the tools are there', (context) => {
      const reason = `no ${missing.join(', ')}; \`make gotools\` compiles them, with Go`
      if (process.env['MOORING_REQUIRE_GO_TOOLS'] === '1') {
        throw new Error(`MOORING_REQUIRE_GO_TOOLS is set and there is ${reason}`)
      }
      process.stderr.write(`SKIPPED: every test with ${names.join(', ')}: ${reason}\n`)
      context.skip(reason)
    })
  })
}

function find(name: GoTool): string | undefined {
  const places = name === 'istio' ? ['build'] : [CACHE, ...(process.env['PATH'] ?? '').split(delimiter)]
  return places.map((place) => join(place, name)).find((path) => existsSync(path))
}
