/** What a DestinationRule hashes, and what a plugin writes: whether these are the same. */
import type { ConsistentHash } from '../consistent-hash.ts'
import type { Rule, Sighting } from '../finding.ts'
import { nearest } from '../nearest.ts'
import { cookieOf, headerOf, mintsAlways } from '../policy.ts'
import type { Plugin } from '../plugin.ts'
import type { World } from '../world.ts'

const list = (names: Iterable<string>): string => [...names].join(', ')

function all(world: World, names: (plugin: Plugin) => ReadonlySet<string>): ReadonlySet<string> {
  return new Set(world.plugins.flatMap((plugin) => [...names(plugin)]))
}

/** A name beside ours that is a slip of one of them. */
function slip(
  hash: ConsistentHash,
  step: readonly string[],
  found: string,
  names: ReadonlySet<string>,
): (Pick<Sighting, 'manifest' | 'path' | 'fix'> & { readonly meant: string }) | undefined {
  const meant = names.has(found) ? undefined : nearest(found, names)
  if (meant === undefined) return undefined
  const path = [...hash.path, ...step]
  return { manifest: hash.manifest, path, fix: hash.manifest.replace(path, meant), meant }
}

export const headerNotWritten: Rule = {
  code: 'header_not_written',
  severity: 'error',
  *see(world) {
    const headers = all(world, (plugin) => plugin.headers)
    for (const hash of world.hashes) {
      if (hash.header === undefined) continue
      const found = slip(hash, ['httpHeaderName'], hash.header, headers)
      if (found === undefined) continue
      yield {
        ...found,
        message: `hashes ${hash.header}, and Mooring writes ${found.meant}: no request has the header, and each goes to any pod`,
        instead: `httpHeaderName: ${found.meant}`,
      }
    }
  },
}

export const headerOfClient: Rule = {
  code: 'header_of_client',
  severity: 'warning',
  *see(world) {
    const headers = all(world, (plugin) => plugin.headers)
    if (headers.size === 0) return
    for (const hash of world.hashes) {
      const { header } = hash
      if (header === undefined || headers.has(header) || nearest(header, headers) !== undefined) continue
      yield {
        manifest: hash.manifest,
        path: [...hash.path, 'httpHeaderName'],
        message: `hashes ${header}, which Mooring does not write: requests without it go to any pod, and a client chooses its pod by it`,
        instead: `httpHeaderName: ${list(headers)}, with {header: ${header}} among the sources of key.from`,
      }
    }
  },
}

export const cookieNotMinted: Rule = {
  code: 'cookie_not_minted',
  severity: 'error',
  *see(world) {
    const cookies = all(world, (plugin) => plugin.cookies)
    for (const hash of world.hashes) {
      if (hash.cookie === undefined) continue
      const found = slip(hash, ['httpCookie', 'name'], hash.cookie, cookies)
      if (found === undefined) continue
      yield {
        ...found,
        message: `hashes the cookie ${hash.cookie}, and the session is in ${found.meant}: ${
          hash.mints
            ? 'Envoy mints a second one, the same for everybody behind one proxy'
            : 'no request has it, and each goes to any pod'
        }`,
        instead: `name: ${found.meant}`,
      }
    }
  },
}

export const keyNotHashed: Rule = {
  code: 'key_not_hashed',
  severity: 'error',
  *see(world) {
    const rules = world.of('DestinationRule')
    // Without any the rules are somewhere else, and nothing can be said.
    if (rules.length === 0 || world.hashes.length > 0) return
    for (const plugin of world.plugins) {
      const [header] = plugin.headers
      const [rule] = rules
      if (header === undefined || rule === undefined) continue
      yield {
        manifest: rule,
        path: ['spec', 'trafficPolicy'],
        message: `no DestinationRule hashes what ${plugin.manifest.title} writes: it mints cookies, and each request goes to any pod`,
        instead: `trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: ${header}}}}`,
      }
    }
  },
}

/** Where Envoy mints the session's cookie beside us, and how the requests look for which it does. */
export const twoMinters: Rule = {
  code: 'two_minters',
  severity: 'warning',
  *see(world) {
    for (const hash of world.hashes.filter(({ mints }) => mints)) {
      for (const plugin of world.plugins) {
        const why = whyEnvoyMints(plugin, hash.cookie ?? '')
        if (why === undefined) continue
        yield {
          manifest: hash.manifest,
          path: [...hash.path, 'httpCookie', 'ttl'],
          message: `with ttl Envoy mints ${hash.cookie ?? ''} too, the same for everybody behind one proxy, ${why}`,
          instead: 'httpCookie without ttl, or httpHeaderName with the key header',
        }
        break
      }
    }
  },
}

function whyEnvoyMints(plugin: Plugin, cookie: string): string | undefined {
  const name = plugin.manifest.title
  for (const { session, shadow, path } of plugin.policies) {
    const level = path.length === 0 ? name : `rule ${String(Number(path[1]) + 1)} of ${name}`
    if (session === undefined) {
      if (plugin.cookies.has(cookie)) return `where ${level} has no session`
    } else if (cookieOf(session) === cookie) {
      if (shadow) return `where ${level} is in shadow`
      if (!mintsAlways(session)) return `where ${level} mints none`
      if (session['signing'] !== undefined) return `and ${level}, which signs, takes that for a forgery`
    }
  }
  return undefined
}

export const hashedCookieHidden: Rule = {
  code: 'hashed_cookie_hidden',
  severity: 'error',
  *see(world) {
    for (const hash of world.hashes) {
      for (const plugin of world.plugins) {
        const hiding = plugin.policies.find(
          ({ session }) => session?.['hideFromUpstream'] === true && cookieOf(session) === hash.cookie,
        )
        if (hiding === undefined) continue
        const header = hiding.key === undefined ? 'x-mooring-key' : headerOf(hiding.key)
        yield {
          manifest: hash.manifest,
          path: [...hash.path, 'httpCookie'],
          message: `hashes ${hash.cookie ?? ''}, which ${plugin.manifest.title} takes off the request by hideFromUpstream: nothing is left to hash`,
          instead: `httpHeaderName: ${header}`,
        }
      }
    }
  },
}

export const shadowRead: Rule = {
  code: 'shadow_read',
  severity: 'warning',
  *see({ hashes, plugins }) {
    for (const header of new Set(hashes.map((hash) => hash.header))) {
      const writers = plugins.filter(({ headers }) => header !== undefined && headers.has(header))
      const acting = writers.some(({ policies }) =>
        policies.some(({ shadow, key }) => !shadow && key !== undefined && headerOf(key) === header),
      )
      const hash = hashes.find((each) => each.header === header)
      const [plugin] = writers
      if (acting || header === undefined || hash === undefined || plugin === undefined) continue
      yield {
        manifest: plugin.manifest,
        path: [...plugin.configPath, 'mode'],
        message: `in shadow it writes no ${header}, which ${hash.manifest.title} hashes: each request goes to any pod, and a client that sends the header chooses its pod`,
        instead: 'mode: enforce, or that DestinationRule later',
      }
    }
  },
}
