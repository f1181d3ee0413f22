import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { guardOrphan } from '../../tools/orphan-guard.ts'
import { packageRoot } from '../../tools/package-root.ts'

const compiled = pathToFileURL(join(packageRoot, 'build', 'js', 'tools', 'orphan-guard.js')).href

test('a guarded process is killed when its owner is killed, even by SIGKILL', async () => {
  // The guarded process holds the owner's standard output too, so its end is the end of that pipe.
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process'
       import { guardOrphan } from '${compiled}'
       const child = spawn('sleep', ['600'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] })
       guardOrphan(child.pid)
       process.stdout.write('guarded')
       setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  owner.stdout.on('data', (text: Buffer) => {
    output += text.toString()
    owner.kill('SIGKILL')
  })
  await Promise.all([once(owner, 'exit'), once(owner.stdout, 'end')])
  expect(output).toBe('guarded')
  expect(owner.signalCode).toBe('SIGKILL')
}, 10_000)

test('a released guard kills nobody', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  const release = guardOrphan(child.pid ?? 0)
  release()
  await sleep(200)
  expect(child.signalCode).toBe(null)
  child.kill('SIGKILL')
})
