/** What the filter has in its memory, byte by byte, while a real Envoy runs it. */
import { request } from 'node:http'
import binaryen from 'binaryen'
import type { Visit } from '../../bench/jobs.ts'

const OK = 200
/** Of proxy_on_request_body: nothing goes on, and nothing is kept. */
const STOP_NO_BUFFER = 3
const PAGE_BITS = 16

/**
 * A module with one export more, all else as it is: a request with a body, which the filter itself never asks to see, is
 * answered with the linear memory. {@link linearMemory} sends one.
 */
export function answeringItsMemory(bytes: Uint8Array): Uint8Array {
  const { i32, none, createType } = binaryen
  const module = binaryen.readBinaryWithFeatures(bytes, binaryen.Features.All)
  module.addFunctionImport(
    'reply',
    'env',
    'proxy_send_local_response',
    createType([i32, i32, i32, i32, i32, i32, i32, i32]),
    i32,
  )
  const zero = () => module.i32.const(0)
  const all = module.i32.shl(module.memory.size(), module.i32.const(PAGE_BITS))
  // Without details, further headers and a gRPC status.
  const parts = [module.i32.const(OK), zero(), zero(), zero(), all, zero(), zero(), module.i32.const(-1)]
  module.addFunction(
    'onBody',
    createType([i32, i32, i32]),
    i32,
    [],
    module.block(
      null,
      [module.drop(module.call('reply', parts, i32)), module.return(module.i32.const(STOP_NO_BUFFER))],
      none,
    ),
  )
  module.addFunctionExport('onBody', 'proxy_on_request_body')
  if (module.validate() === 0) throw new Error('the module that answers its memory is not valid')
  const result = module.emitBinary()
  module.dispose()
  return result
}

/** The memory of the one worker at this port; the request that asks for it is the visit with a body. */
export function linearMemory(port: number, { path, headers }: Visit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path, method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const memory = Buffer.concat(chunks)
        const isMemory = response.statusCode === OK && memory.length > 0 && memory.length % 65_536 === 0
        if (isMemory) resolve(memory)
        else reject(new Error(`${String(response.statusCode)}, ${memory.length} bytes: expected whole pages`))
      })
    })
    asked.on('error', reject)
    asked.end('?')
  })
}
