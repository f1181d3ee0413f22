// The part of the JavaScript API of WebAssembly that the host uses. TypeScript ships it only inside lib.dom,
// whose other globals would let browser code slip into a package for Node.
declare namespace WebAssembly {
  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  /** What a guest throws with the exception-handling proposal and nobody catches. */
  class Exception {
    is(tag: unknown): boolean
  }

  interface ModuleImport {
    readonly module: string
    readonly name: string
    readonly kind: 'function' | 'global' | 'memory' | 'table'
  }

  interface ModuleExport {
    readonly name: string
    readonly kind: 'function' | 'global' | 'memory' | 'table'
  }

  class Module {
    constructor(bytes: Uint8Array)
    private readonly compiled: unknown
    static imports(module: Module): ModuleImport[]
    static exports(module: Module): ModuleExport[]
    static customSections(module: Module, name: string): ArrayBuffer[]
  }

  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Record<string, unknown>
  }

  interface MemoryDescriptor {
    initial: number
    maximum?: number
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: ArrayBuffer
  }

  type Imports = Record<string, Record<string, unknown>>
}
