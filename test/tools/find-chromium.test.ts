import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findChromium } from '../browser/chromium.ts'

let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mooring-test-'))
  writeFileSync(join(directory, 'chromium'), '#!/bin/sh\n')
  chmodSync(join(directory, 'chromium'), 0o755)
})

afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

test('$CHROMIUM comes before the PATH', () => {
  expect(findChromium({ CHROMIUM: process.execPath, PATH: directory })).toEqual({
    found: true,
    executable: process.execPath,
  })
})

test('a chromium on the PATH is taken when CHROMIUM is not set, or empty', () => {
  const found = { found: true, executable: join(directory, 'chromium') }
  expect(findChromium({ PATH: `${directory}/nowhere:${directory}` })).toEqual(found)
  expect(findChromium({ CHROMIUM: '', PATH: directory })).toEqual(found)
})

test('a $CHROMIUM that is no program is an answer, never passed over', () => {
  expect(findChromium({ CHROMIUM: directory, PATH: directory })).toEqual({
    found: false,
    reason: `CHROMIUM is set, but ${directory} is no program`,
  })
})

test('without one it says what to do', () => {
  expect(findChromium({ PATH: `${directory}/nowhere` })).toEqual({
    found: false,
    reason: 'no chromium on the PATH: apt-get install chromium, or set CHROMIUM',
  })
})
