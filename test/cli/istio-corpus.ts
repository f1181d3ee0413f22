import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'

/** A file of the pinned Istio module with objects that decide about affinity. */
export interface CorpusFile {
  /** From the module's root, `samples/helloworld/gateway.yaml`. */
  readonly path: string
  readonly text: string
  /** A template of Go's text/template: not what anybody applies, and often no YAML. */
  readonly isTemplate: boolean
}

/** Kinds that stand alone at the beginning of a line; a CRD has its kind indented. */
const DECIDES = /^kind: *"?(?:DestinationRule|VirtualService|WasmPlugin|TrafficExtension)"?\s*$/m
const ACTION = /\{\{.*?\}\}/s

/**
 * Declares tests that read every YAML file of the pinned Istio module that holds a DestinationRule, VirtualService,
 * WasmPlugin or TrafficExtension: samples, tests and test data, sorted by path. What Istio translates from the Gateway API
 * (`.yaml.golden`) and objects inside of Go's sources are not among them. Where Go or the module is missing, the tests are
 * skipped, loudly; with MOORING_REQUIRE_GO_TOOLS=1 they fail instead.
 */
export function withIstioCorpus(declare: (files: readonly CorpusFile[]) => void): void {
  const root = moduleDirectory()
  describe("with the pinned Istio module's files", () => {
    if (root !== undefined) {
      declare(corpusOf(root))
      return
    }
    test('they are there', (context) => {
      const reason =
        'no Go, or no module istio.io/istio; `cd test/istio && go mod download istio.io/istio` fetches it'
      if (process.env['MOORING_REQUIRE_GO_TOOLS'] === '1') {
        throw new Error(`MOORING_REQUIRE_GO_TOOLS is set and there is ${reason}`)
      }
      process.stderr.write(`SKIPPED: every test with the pinned Istio module's files: ${reason}\n`)
      context.skip(reason)
    })
  })
}

/** Where Go keeps the module that test/istio/go.mod pins. Nothing is fetched. */
function moduleDirectory(): string | undefined {
  const { stdout } = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', 'istio.io/istio'], {
    cwd: join('test', 'istio'),
    env: { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local' },
    encoding: 'utf8',
  })
  // Without Go there is no output at all.
  return (stdout as string | null)?.trim() || undefined
}

function corpusOf(root: string): readonly CorpusFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.ya?ml$/.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => DECIDES.test(text))
    .map(({ path, text }) => ({ path, text, isTemplate: ACTION.test(text) }))
}
