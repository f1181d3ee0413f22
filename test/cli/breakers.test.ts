/** What test/istio/breakers.test.ts shows in real Envoys, mooring check finds; and in the fixed manifests it does not. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { check } from '../../cli/check/check.ts'
import { YamlFile } from '../../cli/manifests/yaml-file.ts'
import { ProxyWasmModule } from '../../host/index.ts'
import { withGoTools } from '../istio/go-tools.ts'
import { manifestText } from '../istio/manifest-text.ts'

const module = ProxyWasmModule.load(readFileSync('build/mooring.wasm'))
const sets = parse(readFileSync('test/istio/breakers/sets.yaml', 'utf8')) as readonly {
  readonly code: string
  readonly with: readonly string[]
  readonly world?: readonly string[]
}[]

/** Where the set and what is found in it have two names. */
const FOUND: Readonly<Record<string, string | undefined>> = {
  two_rules_for_host: 'destination_rule_shadowed',
  hidden_cookie_minted_anew: 'hashed_cookie_hidden',
  other_cookie_minted: 'cookie_not_minted',
  // A gateway reads HTTP whatever a Service calls its port: nothing breaks.
  tcp_port: undefined,
  // A call that failed may as well go to another pod. docs/mesh.md says so.
  retries_by_default: undefined,
}

/** What the sets do on purpose to be small. */
const BESIDE = new Set(['unkeyed_hash'])

withGoTools(['kustomize'], ({ kustomize }) => {
  const textOf = (path: string) => manifestText(kustomize, path)

  describe.each(sets)('$code', (set) => {
    const found = (side: string) => {
      const around = [...set.with, ...(set.world ?? []).map((name) => `test/istio/world/${name}.yaml`)]
      const files = [...around, `test/istio/breakers/${set.code}/${side}.yaml`]
      return check(
        files.map((path) => new YamlFile(path, textOf(path))),
        new Set(),
        { module },
      ).findings.flatMap(({ code }) => (BESIDE.has(code) ? [] : [code]))
    }

    test('wrong.yaml', () => {
      const expected = set.code in FOUND ? FOUND[set.code] : set.code
      // The namespace's plugin in there balances by a header, too.
      const others = set.code === 'order_reversed' ? ['source_before_session'] : []
      expect(found('wrong').toSorted()).toEqual([...(expected === undefined ? [] : [expected]), ...others])
    })

    test('right.yaml', () => {
      expect(found('right')).toEqual(set.code === 'order_reversed' ? ['source_before_session'] : [])
    })
  })
})
