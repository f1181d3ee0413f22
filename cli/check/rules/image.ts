/** What a plugin's module is fetched from, and what happens while it is not there; its environment. */
import { isMapping, textAt } from '../../manifests/value.ts'
import { secretsIn } from '../../manifests/secrets.ts'
import type { Rule } from '../finding.ts'
import type { Plugin } from '../plugin.ts'

/** Names that nobody can have (RFC 2606, section 3): an image there is to be filled in. */
const isReserved = (url: string) =>
  /^(?:[a-z]+:\/\/)?(?:[^/]*\.)?example\.(?:com|net|org)(?::\d+)?\//.test(url)

const isFile = (url: string) => url.startsWith('file://')

export const imageNotPinned: Rule = {
  code: 'image_not_pinned',
  severity: 'warning',
  *see({ plugins }) {
    for (const { manifest, wasm, url } of plugins) {
      const pinned = /@sha256:[0-9a-f]{64}$/.test(url) || textAt(manifest.value, ...wasm, 'sha256') !== ''
      if (pinned || url === '' || isFile(url) || isReserved(url)) continue
      yield {
        manifest,
        path: [...wasm, 'url'],
        message:
          'names no digest: whoever moves the tag changes what new pods run, while the old ones keep what they have',
        instead: 'sha256: the digest of the image’s manifest, which `make image` prints',
      }
    }
  },
}

export const reloadDenies: Rule = {
  code: 'reload_denies',
  severity: 'warning',
  *see({ plugins }) {
    for (const { manifest, wasm, url } of plugins) {
      const strategy = textAt(manifest.value, ...wasm, 'failStrategy')
      if (strategy !== 'FAIL_RELOAD' || isFile(url)) continue
      yield {
        manifest,
        path: [...wasm, 'failStrategy'],
        message:
          'a pod that cannot fetch the image denies every request, as with FAIL_CLOSE, until the next push',
        instead: 'failStrategy: FAIL_OPEN, and the alert on istio_agent_wasm_remote_fetch_count',
        fix: manifest.replace([...wasm, 'failStrategy'], 'FAIL_OPEN'),
      }
    }
  },
}

export const failStrategyMissing: Rule = {
  code: 'fail_strategy_missing',
  severity: 'warning',
  *see({ plugins }) {
    for (const { manifest, wasm, url } of plugins) {
      if (textAt(manifest.value, ...wasm, 'failStrategy') !== '' || isFile(url)) continue
      yield {
        manifest,
        path: [...wasm, 'url'],
        message:
          'without a failStrategy it is FAIL_CLOSE: while the image cannot be fetched every request is denied',
        instead: 'failStrategy: FAIL_OPEN, or FAIL_CLOSE where no request may go without affinity',
        fix: manifest.insertBefore([...wasm, 'url'], 'failStrategy: FAIL_OPEN'),
      }
    }
  },
}

export const failReloadVersion: Rule = {
  code: 'fail_reload_version',
  severity: 'error',
  *see({ plugins, istio }) {
    if (istio?.isBefore(27) !== true) return
    for (const { manifest, wasm } of plugins) {
      if (textAt(manifest.value, ...wasm, 'failStrategy') !== 'FAIL_RELOAD') continue
      yield {
        manifest,
        path: [...wasm, 'failStrategy'],
        message: `Istio ${istio.toString()} has no FAIL_RELOAD: it cannot be applied`,
        instead: 'failStrategy: FAIL_OPEN, or Istio 1.27',
        fix: manifest.replace([...wasm, 'failStrategy'], 'FAIL_OPEN'),
      }
    }
  },
}

export const urlScheme: Rule = {
  code: 'url_scheme',
  severity: 'error',
  *see({ plugins }) {
    for (const { manifest, wasm, url } of plugins) {
      if (!/^[^/:]+:\d+\//.test(url)) continue
      yield {
        manifest,
        path: [...wasm, 'url'],
        message:
          'a host with a port and no scheme: what stands before the colon is read as the scheme, and the URL is refused',
        instead: `url: oci://${url}`,
        fix: manifest.replace([...wasm, 'url'], `oci://${url}`),
      }
    }
  },
}

export const reservedEnvironment: Rule = {
  code: 'reserved_environment',
  severity: 'error',
  *see({ plugins }) {
    for (const { manifest, environment } of plugins) {
      for (const { name, path } of environment.filter(({ name }) => name.startsWith('ISTIO_META_'))) {
        yield {
          manifest,
          path: [...path, 'name'],
          message: `${name} never reaches the filter: Istio’s agent takes variables with this prefix away`,
          instead: 'another name',
        }
      }
    }
  },
}

export const secretInline: Rule = {
  code: 'secret_inline',
  severity: 'error',
  *see({ plugins }) {
    for (const plugin of plugins) {
      const secrets = new Set(secretsIn(plugin.config))
      for (const { name, value, path } of plugin.environment) {
        if (!secrets.has(name) || value === '') continue
        yield {
          manifest: plugin.manifest,
          path: [...path, 'value'],
          message: `the secret ${name} stands in the manifest: whoever may read it, or Envoy’s configuration, can sign sessions or compute keys`,
          instead: `{name: ${name}, valueFrom: HOST}, a Secret in the environment of the proxy’s container, and a new secret`,
        }
      }
    }
  },
}

export const signingKeyNotDeployed: Rule = {
  code: 'signing_key_not_deployed',
  severity: 'error',
  *see({ plugins, deployed }) {
    for (const plugin of plugins) {
      const before = deployed.find(({ manifest: { name, namespace } }) => {
        return name === plugin.manifest.name && namespace === plugin.manifest.namespace
      })
      if (before === undefined) continue
      const known = new Set(before.policies.flatMap((policy) => keyIds(policy)))
      for (const policy of plugin.policies) {
        const [first] = keyIds(policy)
        // A plugin that signs nothing yet has nothing that could be taken for a forgery.
        if (first === undefined || known.size === 0 || known.has(first)) continue
        yield {
          manifest: plugin.manifest,
          path: [...plugin.configPath, ...policy.path, 'session', 'signing', 'keys'],
          message: `signs with ${first}, which the deployed configuration does not have: until every proxy has the new one, a proxy with the old takes these sessions for forged`,
          instead: `${first} as the second key first; when every proxy has it, put it first`,
        }
        break
      }
    }
  },
}

function keyIds({ session }: Plugin['policies'][number]): readonly string[] {
  const signing = session?.['signing']
  const keys = isMapping(signing) && Array.isArray(signing['keys']) ? (signing['keys'] as unknown[]) : []
  return keys.map((key) => textAt(key, 'id')).filter((id) => id !== '')
}
