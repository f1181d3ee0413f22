import { HOSTCALLS, importSignature } from '../../host/imports.ts'

const MODULES = ['wasi_snapshot_preview1', 'wasi_unstable']
const TYPES: Readonly<Record<string, string>> = { i: 'i32', I: 'i64' }

/**
 * The source of the guest rare-calls that calls every function of WASI under both of its names, in the order of
 * host/imports.ts: AssemblyScript cannot take a module's name from a variable. If a type there is wrong, Envoy refuses
 * the module. Left out is `proc_exit`, which ends the VM.
 */
export function wasiCalls(): string {
  const calls = MODULES.flatMap((module) =>
    HOSTCALLS.map(({ name }) => name)
      .filter((name) => name !== 'proc_exit')
      .flatMap((name) => {
        const signature = importSignature(module, name, '0.2.1')
        return signature === undefined ? [] : [{ module, name, types: signature.split('>')[0] ?? '' }]
      }),
  )
  const declarations = calls.map(({ module, name, types }) => {
    const parameters = Array.from(types, (type, i) => `a${i}: ${TYPES[type] ?? ''}`).join(', ')
    return `@external("${module}", "${name}")\ndeclare function ${module}_${name}(${parameters}): i32\n`
  })
  const answers = calls.map(({ module, name, types }) => {
    const values = Array.from(types, (_, i) => (i === 0 ? 'first' : 'rest')).join(', ')
    return `  answer('${module}.${name}', first, ${module}_${name}(${values}))\n`
  })
  return `import { answer } from './answer'
${declarations.join('')}
export function callAll(first: i32, rest: i32): void {
${answers.join('')}}
`
}
