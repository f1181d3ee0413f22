import { describe, expect, test } from 'vitest'
import type { RouteMatch, VirtualHostConfig } from '../../host/gateway/index.ts'
import { RouteTable } from '../../host/gateway/route-table.ts'

const virtualHost = (name: string, domains: string[], ...matches: RouteMatch[]): VirtualHostConfig => ({
  name,
  domains,
  routes: (matches.length === 0 ? [{ prefix: '/' }] : matches).map((match) => ({ match, cluster: 'app' })),
})

describe('the virtual host of a request', () => {
  const hosts = [
    virtualHost('exact', ['shop.example.com']),
    virtualHost('suffix', ['*.example.com']),
    virtualHost('longer suffix', ['*.eu.example.com']),
    virtualHost('prefix', ['shop.*']),
    virtualHost('all', ['*']),
  ]

  test.each([
    ['shop.example.com', 'exact'],
    ['SHOP.Example.COM', 'exact'],
    ['api.example.com', 'suffix'],
    ['a.b.example.com', 'suffix'],
    ['api.eu.example.com', 'longer suffix'],
    ['.example.com', 'all'],
    ['shop.test', 'prefix'],
    ['shop.', 'all'],
    ['other', 'all'],
    ['shop.example.com:8080', 'prefix'],
  ])('for %s is: %s', (authority, name) => {
    expect(new RouteTable(hosts).select(authority, '/')?.virtualHost.name).toBe(name)
  })

  test('is found without the port where ports are ignored', () => {
    const table = new RouteTable(hosts, { ignorePortInHostMatching: true })
    expect(table.select('shop.example.com:8080', '/')?.virtualHost.name).toBe('exact')
    expect(table.select('api.example.com:8080', '/')?.virtualHost.name).toBe('suffix')
  })

  test('does not exist where no domain fits', () => {
    const table = new RouteTable(hosts.slice(0, 3))
    expect(table.select('other', '/')).toBeUndefined()
    expect(table.select(undefined, '/')).toBeUndefined()
  })
})

describe('the route of a request', () => {
  const table = new RouteTable([
    virtualHost('all', ['*'], { path: '/exact' }, { prefix: '/api' }, { prefix: '/a' }),
  ])
  const matched = (path: string | undefined) => table.select('test.com', path)?.route.match

  test('is the first whose prefix or path fits', () => {
    expect(matched('/api/users')).toEqual({ prefix: '/api' })
    expect(matched('/apis')).toEqual({ prefix: '/api' })
    expect(matched('/about')).toEqual({ prefix: '/a' })
  })

  test('compares a whole path without its query', () => {
    expect(matched('/exact')).toEqual({ path: '/exact' })
    expect(matched('/exact?a=b')).toEqual({ path: '/exact' })
    expect(matched('/exact/')).toBeUndefined()
  })

  test('does not exist where nothing fits, and not without a path', () => {
    expect(matched('/other')).toBeUndefined()
    expect(matched(undefined)).toBeUndefined()
  })
})
