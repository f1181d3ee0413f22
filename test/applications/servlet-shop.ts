/** The shop as a servlet in Tomcat (servlet/Shop.java), a process for each pod: sessions in the container's own memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, test } from 'vitest'
import { lastLine } from '../../tools/run-command.ts'
import { searchPath } from '../../tools/search-path.ts'
import type { Pod } from './pod.ts'
import type { Shop } from './shop.ts'

/** Where `make servlet` puts it. */
const CLASSES = 'build/servlet/classes'
const LIBRARIES = 'build/servlet/lib/*'

/** Small and quick to start: the pods of a test share two processors. */
const OPTIONS = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/**
 * Declares tests with the servlet. Where it was not compiled, or there is no Java, they are skipped, loudly; with
 * MOORING_REQUIRE_SERVLET=1 they fail instead, since there a skipped test is a missing proof.
 */
export function withServlet(declare: (shop: Shop) => void): void {
  const java = searchPath('java', process.env['PATH'] ?? '')
  describe('with Tomcat', () => {
    if (java !== undefined && existsSync(CLASSES)) {
      declare({ name: 'Tomcat', cookie: 'JSESSIONID', startPod: (name) => startPod(java, name) })
      return
    }
    test('the servlet is there', (context) => {
      const reason =
        java === undefined
          ? 'no java on the PATH'
          : `no ${CLASSES}; \`make servlet\` compiles it, with Java and Maven`
      if (process.env['MOORING_REQUIRE_SERVLET'] === '1') {
        throw new Error(`MOORING_REQUIRE_SERVLET is set and there is ${reason}`)
      }
      process.stderr.write(`SKIPPED: every test with Tomcat: ${reason}\n`)
      context.skip(reason)
    })
  })
}

async function startPod(java: string, name: string): Promise<Pod> {
  // It ends with its standard input, which the kernel closes however this process ends.
  const child = spawn(java, [...OPTIONS, '-cp', `${CLASSES}:${LIBRARIES}`, 'Shop', name])
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const exited = once(child, 'close')
  const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
  const port = Number(line.value)
  if (!(port > 0)) {
    await exited
    throw new Error(`the servlet of ${name} did not start: ${lastLine(complaint)}`)
  }
  return {
    name,
    port,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
