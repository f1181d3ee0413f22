/** Which rule a request gets, told a second time: one rule after the other, whole texts, no index. */
import type { HeaderList } from '../../host/index.ts'
import { referencePath } from '../pure/reference-path.ts'

export interface Condition {
  readonly name: string
  readonly exact?: string
  readonly prefix?: string
  readonly present?: boolean
}

export interface Match {
  readonly hosts?: readonly string[]
  readonly services?: readonly string[]
  readonly methods?: readonly string[]
  readonly paths?: readonly string[]
  readonly headers?: readonly Condition[]
  readonly namespaces?: readonly string[]
}

export interface Asked {
  readonly authority: string
  readonly method: string
  readonly path: string
  readonly headers: HeaderList
  /** The name of the cluster; undefined where the route picks none. */
  readonly cluster: string | undefined
}

/** The number of the first rule that matches, or -1. */
export function firstMatch(rules: readonly Match[], asked: Asked, namespace: string): number {
  return rules.findIndex((match) => matches(match, asked, namespace))
}

function matches(match: Match, asked: Asked, namespace: string): boolean {
  const { hosts, services, methods, paths, headers, namespaces } = match
  const path = referencePath(asked.path)
  const service = asked.cluster?.split('|').at(-1) ?? ''
  return (
    (hosts === undefined || hosts.some((pattern) => coversHost(pattern, hostOf(asked.authority)))) &&
    (services === undefined ||
      (service !== '' && services.some((pattern) => coversHost(pattern, service)))) &&
    (methods === undefined || methods.includes(asked.method)) &&
    (paths === undefined || (path !== 'ambiguous' && paths.some((pattern) => coversPath(pattern, path)))) &&
    (headers === undefined || meetsAll(headers, asked.headers)) &&
    (namespaces === undefined || namespaces.includes(namespace))
  )
}

function hostOf(authority: string): string {
  const host = /^[^:]*:\d*$/.test(authority) ? authority.slice(0, authority.indexOf(':')) : authority
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host
}

function coversHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  if (host.length > 255) return false
  const lower = host.toLowerCase()
  if (!pattern.startsWith('*')) return lower === pattern
  return lower.endsWith(pattern.slice(1)) && lower.length > pattern.length - 1
}

function coversPath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/').slice(1)
  const segments = path.split('/').slice(1)
  const open = wanted.at(-1) === '**'
  if (open) wanted.pop()
  if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false
  return wanted.every((each, i) => (/^(\*|\{.*\})$/.test(each) ? segments[i] !== '' : segments[i] === each))
}

/** One name: or; different names: and. */
function meetsAll(conditions: readonly Condition[], headers: HeaderList): boolean {
  const names = new Set(conditions.map(({ name }) => name.toLowerCase()))
  return [...names].every((name) => {
    const values = headers.filter(([each]) => each === name).map(([, value]) => value)
    return conditions.some((each) => each.name.toLowerCase() === name && meets(each, values))
  })
}

function meets({ exact, prefix, present }: Condition, values: readonly string[]): boolean {
  if (present !== undefined) return present === values.length > 0
  const [value] = values
  if (value === undefined || values.length > 1) return false
  // Header values are byte strings here, the configuration is text.
  if (exact !== undefined) return value === bytesOf(exact)
  return value.startsWith(bytesOf(prefix ?? ''))
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
