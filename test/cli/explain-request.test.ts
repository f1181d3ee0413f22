/** The request of mooring explain, as curl and browsers write it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readArguments } from '../../cli/explain/arguments.ts'
import type { Request } from '../../cli/explain/request.ts'

const folder = mkdtempSync(join(tmpdir(), 'mooring-har-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const request = (...args: readonly string[]): Request => readArguments(['--manifests', 'x', ...args]).request

describe('curl-style options', () => {
  test.each<[readonly string[], Request]>([
    [['http://test.com'], { method: 'GET', scheme: 'http', authority: 'test.com', path: '/', headers: [] }],
    [['Test.com/a'], { method: 'GET', scheme: 'http', authority: 'test.com', path: '/a', headers: [] }],
    [
      ['-X', 'PUT', 'HTTPS://Test.com:443/a/../b?x=%41&y#f'],
      { method: 'PUT', scheme: 'https', authority: 'test.com', path: '/b?x=%41&y', headers: [] },
    ],
    [
      [
        '-H',
        'X-User:  alice ',
        '-H',
        'x-empty;',
        '-H',
        'x-none:',
        '-H',
        'Host: other.com',
        '-H',
        'X-User: bob',
        'http://[::1]:8080/',
      ],
      {
        method: 'GET',
        scheme: 'http',
        authority: 'other.com',
        path: '/',
        headers: [
          ['x-user', 'alice'],
          ['x-empty', ''],
          ['x-user', 'bob'],
        ],
      },
    ],
    [
      // As Chromium copies a request.
      [
        'https://test.com/cart',
        '-H',
        'accept: */*',
        '-b',
        'a=1; b=2',
        '--data-raw',
        '{"x":1}',
        '--compressed',
        '--insecure',
      ],
      {
        method: 'POST',
        scheme: 'https',
        authority: 'test.com',
        path: '/cart',
        headers: [
          ['accept', '*/*'],
          ['cookie', 'a=1; b=2'],
        ],
      },
    ],
    [
      ['-A', 'me', '-b', 'a=ü', '-b', 'b=2', 'test.com'],
      {
        method: 'GET',
        scheme: 'http',
        authority: 'test.com',
        path: '/',
        headers: [
          ['user-agent', 'me'],
          ['cookie', 'a=\u00c3\u00bc; b=2'],
        ],
      },
    ],
  ])('%j', (args, expected) => {
    expect(request(...args)).toEqual(expected)
  })

  test.each<[readonly string[], string]>([
    [[], 'explain: name one URL, or --har FILE'],
    [['a.com', 'b.com'], 'explain: name one URL, or --har FILE'],
    [['ftp://a.com'], 'not the URL of a request: "ftp://a.com"; expected http:// or https://'],
    [['http://'], 'not the URL of a request: "http://"; expected http:// or https://'],
    [['http://me:secret@a.com'], 'the URL has a user in it; write the header authorization instead'],
    [['-X', 'G T', 'a.com'], 'not a request method: "G T"'],
    [['-H', 'no colon', 'a.com'], '-H takes "Name: value", or "Name;" for an empty one'],
    [['-H', 'x-a: 1\r\nx-b: 2', 'a.com'], 'the header x-a has a line break or a zero in its value'],
    [['-H', 'x(a: 1', 'a.com'], 'not a header\'s name: "x(a"'],
    [['-b', 'cookies.txt', 'a.com'], '-b takes cookies, "name=value", and no file'],
    [['--entry', '1', 'a.com'], '--entry is for --har'],
    [['--port', '0', 'a.com'], '--port 0: expected a whole number from 1 to 65535'],
    [['--at', 'tomorrow', 'a.com'], '--at tomorrow: expected a time as 2027-01-31T00:00:00Z'],
    [['--env', 'hunter2', 'a.com'], '--env takes NAME=FILE'],
    [
      ['--pods', '10.0.0.1', 'a.com'],
      '--pods: 10.0.0.1 has no port, and a ring is made of addresses with ports',
    ],
    [
      ['--pods', 'cart:80', 'a.com'],
      '--pods cart:80: expected an address such as 10.0.0.1:8080 or [fd00::1]:8080',
    ],
    [['--pods', '10.0.0.1:80,10.0.0.1:80', 'a.com'], '--pods: 10.0.0.1:80 is there twice'],
    [
      ['--source-address', 'x', 'a.com'],
      '--source-address x: expected an address such as 10.0.0.1:8080 or [fd00::1]:8080',
    ],
    [['--format', 'xml', 'a.com'], '--format xml: expected text or json'],
  ])('%j is an error', (args, message) => {
    expect(() => request(...args)).toThrow(message)
  })

  test('an address may have a port, and need not', () => {
    const address = (text: string) =>
      readArguments(['--manifests', 'x', '--source-address', text, 'a.com']).sourceAddress
    expect(['10.0.0.1', '10.0.0.1:80', 'fd00::1', '[fd00::1]', '[fd00::1]:80'].map(address)).toEqual([
      '10.0.0.1:0',
      '10.0.0.1:80',
      '[fd00::1]:0',
      '[fd00::1]:0',
      '[fd00::1]:80',
    ])
  })
})

describe('a HAR file', () => {
  const har = join(folder, 'visit.har')
  const one = join(folder, 'one.har')
  const entry = (url: string, headers: object[] = []): object => ({
    request: { method: 'GET', url, headers },
  })

  beforeAll(() => {
    const headers = [
      { name: ':authority', value: 'test.com' },
      { name: 'Cookie', value: 'a=1' },
      { name: 'x-user', value: 'alice' },
    ]
    const entries = [entry('https://test.com/?token=hunter2'), entry('https://test.com/cart', headers)]
    writeFileSync(har, JSON.stringify({ log: { entries } }))
    writeFileSync(one, JSON.stringify({ log: { entries: entries.slice(0, 1) } }))
    writeFileSync(join(folder, 'empty.har'), '{}')
    writeFileSync(join(folder, 'no.har'), '<html>')
  })

  test('has the request, one of several by its number', () => {
    expect(request('--har', har, '--entry', '2')).toEqual({
      method: 'GET',
      scheme: 'https',
      authority: 'test.com',
      path: '/cart',
      headers: [
        ['cookie', 'a=1'],
        ['x-user', 'alice'],
      ],
    })
    expect(request('--har', one).path).toBe('/?token=hunter2')
  })

  test.each<[readonly string[], string]>([
    [
      ['--har', har],
      `--har ${har}: has 2 entries, choose with --entry N:\n  1  GET https://test.com/\n  2  GET https://test.com/cart`,
    ],
    [['--har', har, '--entry', '3'], `--entry 3: ${har} has 2 entries`],
    [['--har', har, 'http://a.com'], '--har has the request: no URL and no options of curl beside it'],
    [['--har', har, '-H', 'a: b'], '--har has the request: no URL and no options of curl beside it'],
    [['--har', join(folder, 'empty.har')], `--har ${join(folder, 'empty.har')}: has no entries`],
    [['--har', join(folder, 'no.har')], `--har ${join(folder, 'no.har')}: not JSON, as a HAR file is`],
  ])('%j is an error', (args, message) => {
    expect(() => request(...args)).toThrow(message)
  })
})
