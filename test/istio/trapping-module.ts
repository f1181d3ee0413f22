import { writeFileSync } from 'node:fs'
import { buildWasm, op } from '../host/wasm-builder.ts'

/** A request with at least this many headers makes the module trap; Envoy adds some of its own. */
const TRAP_AT = 40

/** Writes a filter that lets every request pass, but for one with very many headers: there it traps. */
export function writeTrappingModule(path: string): void {
  const answer = (value: number) => op.i32Const(value)
  const I32_GE_U = [0x4f]
  writeFileSync(
    path,
    buildWasm({
      memory: { initial: 1, export: 'memory' },
      functions: [
        { export: 'proxy_abi_version_0_2_1', signature: '', body: [] },
        { export: '_initialize', signature: '', body: [] },
        // Nothing is ever kept, so every block may be the same.
        { export: 'malloc', signature: 'i>i', body: answer(1024) },
        { export: 'proxy_on_context_create', signature: 'ii', body: [] },
        { export: 'proxy_on_vm_start', signature: 'ii>i', body: answer(1) },
        { export: 'proxy_on_configure', signature: 'ii>i', body: answer(1) },
        {
          export: 'proxy_on_request_headers',
          signature: 'iii>i',
          body: [
            ...op.localGet(1),
            ...op.i32Const(TRAP_AT),
            ...I32_GE_U,
            ...op.if,
            ...op.unreachable,
            ...op.end,
            ...answer(0),
          ],
        },
      ],
    }),
  )
}

/** Header lines that make the module trap. */
export const TRAP: readonly string[] = Array.from({ length: TRAP_AT }, (_, index) => [
  `x-many-${index}`,
  '1',
]).flat()
