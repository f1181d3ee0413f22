import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { startGateway } from './gateway.ts'
import { inEnvoy } from './in-envoy.ts'

/** The forms that docs/metrics.md shows, by the place they show in. */
const documented = new Map(
  [
    ...readFileSync('docs/metrics.md', 'utf8').matchAll(
      /^\| (.+?) \| `(.*mooring_session_minted.*?)(?::? \d+)`/gm,
    ),
  ].map(([, place, form]) => [place ?? '', form ?? '']),
)

/** Istio's own tag for Wasm metrics (pkg/bootstrap/config.go). */
const ISTIO_TAGS = [{ tag_name: 'wasm_filter', regex: '(wasm_filter\\.(.+?)\\.)' }]

inEnvoy(({ binary }) => {
  describe('metrics look as docs/metrics.md says', () => {
    test("in Envoy's own list and in plain Prometheus", async () => {
      await using gateway = await startGateway({ binary })
      expect(await gateway.envoy.admin('/stats?filter=mooring_session_minted$')).toBe(
        `${documented.get("Envoy's `/stats`") ?? ''}: 0\n`,
      )
      expect(await gateway.envoy.admin('/stats/prometheus?filter=mooring_session_minted$')).toContain(
        `\n${documented.get('Prometheus, plain Envoy') ?? ''}{} 0\n`,
      )
    })

    test("in Prometheus with Istio's tags, where the instance is a label", async () => {
      await using gateway = await startGateway({ binary, statsTags: ISTIO_TAGS })
      expect(await gateway.envoy.admin('/stats/prometheus?filter=mooring_session_minted$')).toContain(
        `\n${documented.get('Prometheus, stock Istio') ?? ''} 0\n`,
      )
    })
  })
})
