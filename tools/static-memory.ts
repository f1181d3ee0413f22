/**
 * A transform of the AssemblyScript compiler: where static memory is.
 *
 *     const digest: usize = memory.data(32, 8)  ->  const digest: usize = 152
 *
 *     | 8 .. what is named most ........ what is named least .. | the compiler's own: the large tables, the texts |
 *
 * An address is a constant wherever it is named, of one byte in the module if it is below 64, of two below 8192, and of
 * three above. The compiler lays memory out as it comes to it, the texts first, and nearly all addresses took three.
 */

/** The part of the compiler's interface that is used here; its own declarations bring AssemblyScript's globals. */
interface AstNode {
  readonly kind: number
  readonly range: unknown
}

interface Compiler {
  readonly NodeKind: Readonly<
    Record<'Literal' | 'Identifier' | 'Binary' | 'Call' | 'VariableDeclaration', number>
  >
  readonly Token: Readonly<Record<'Plus' | 'Minus' | 'Asterisk', number>>
  readonly Node: { createIntegerLiteralExpression(value: unknown, range: unknown): AstNode }
}

declare const i64_new: (low: number, high: number) => unknown

const PACKAGE: string = 'assemblyscript'
const { Node, NodeKind, Token } = (await import(PACKAGE)) as Compiler

// What a node knows of where it stands; going there would be going round in circles.
const NOT_BELOW = new Set(['range', 'parent', 'source', 'currentlyProcessing'])

/** Address 0 is null. */
const FIRST = 8
/** Beyond it an address takes three bytes. */
const END = 8192
/** Larger blocks are the compiler's: each would push many small ones out. */
const LARGEST = 512

interface ParsedSource {
  readonly isLibrary: boolean
  readonly statements: readonly unknown[]
}

interface Declaration extends AstNode {
  readonly name: { readonly text: string }
  initializer: AstNode | null
}

interface Call extends AstNode {
  readonly expression: { readonly text?: string; readonly property?: { readonly text: string } }
  readonly args: AstNode[]
}

/** A block of static memory: who names it, how often, and how to put its address there. */
interface Block {
  readonly size: number
  readonly align: number
  readonly uses: number
  readonly place: (address: number) => void
}

export default class StaticMemory {
  #end = FIRST

  /** Called by the compiler once everything is parsed and nothing compiled. */
  afterParse(parser: { readonly sources: readonly ParsedSource[] }): void {
    const declarations: Declaration[] = []
    const uses = new Map<string, number>()
    for (const { statements } of parser.sources.filter(({ isLibrary }) => !isLibrary)) {
      eachNode(statements, (node) => {
        if (node.kind === NodeKind.VariableDeclaration) declarations.push(node as Declaration)
        const { text } = node as { readonly text?: string }
        if (node.kind === NodeKind.Identifier && text !== undefined) uses.set(text, (uses.get(text) ?? 0) + 1)
      })
    }
    const constants = new Constants(declarations)
    const blocks = declarations
      .map((declaration) => blockOf(declaration, constants, uses.get(declaration.name.text) ?? 0))
      .filter((block) => block !== undefined)
    let at = FIRST
    // Of what is named as often the smaller comes first: more of them stay near.
    for (const block of blocks.toSorted((a, b) => b.uses - a.uses || a.size - b.size)) {
      const start = Math.ceil(at / block.align) * block.align
      if (start + block.size > END) continue
      block.place(start)
      at = start + block.size
    }
    this.#end = Math.ceil(at / 16) * 16
  }

  /** Called by the compiler before it lays out what is left. */
  afterInitialize(program: { readonly options: { memoryBase: number } }): void {
    program.options.memoryBase = this.#end
  }
}

/** Undefined for what is no `memory.data(size, align)`, be it as a class or not, and for what is too large. */
function blockOf(declaration: Declaration, constants: Constants, uses: number): Block | undefined {
  const { initializer } = declaration
  const outer = callOf(initializer)
  const isClass = outer?.expression.text === 'changetype'
  const inner = isClass ? callOf(outer.args[0]) : outer
  if (inner?.expression.property?.text !== 'data') return undefined
  const [size, align] = inner.args.map((argument) => constants.value(argument))
  if (size === undefined || size > LARGEST || inner.args.length > 2) return undefined
  if (inner.args.length === 2 && align === undefined) return undefined
  const place = (address: number): void => {
    const node = Node.createIntegerLiteralExpression(i64_new(address, 0), inner.range)
    if (isClass) outer.args[0] = node
    else declaration.initializer = node
  }
  return { size, align: align ?? 1, uses, place }
}

function callOf(node: AstNode | null | undefined): Call | undefined {
  return node?.kind === NodeKind.Call ? (node as Call) : undefined
}

/** The numbers that constants stand for, as far as they are sums and products of others. */
class Constants {
  readonly #initializers = new Map<string, AstNode | null | undefined>()

  constructor(declarations: readonly Declaration[]) {
    for (const { name, initializer } of declarations) {
      // Of several with one name none is known.
      this.#initializers.set(name.text, this.#initializers.has(name.text) ? undefined : initializer)
    }
  }

  /** Undefined for what cannot be told here: the compiler will. */
  value(node: AstNode | null | undefined): number | undefined {
    if (node === null || node === undefined) return undefined
    const { value, text, operator, left, right } = node as {
      readonly value?: { readonly low?: number; readonly high?: number }
      readonly text?: string
      readonly operator?: number
      readonly left?: AstNode
      readonly right?: AstNode
    }
    if (node.kind === NodeKind.Literal) return value?.high === 0 ? value.low : undefined
    if (node.kind === NodeKind.Identifier) return this.value(this.#initializers.get(text ?? ''))
    if (node.kind !== NodeKind.Binary) return undefined
    const [first, second] = [this.value(left), this.value(right)]
    if (first === undefined || second === undefined) return undefined
    switch (operator) {
      case Token.Plus:
        return first + second
      case Token.Minus:
        return first - second
      case Token.Asterisk:
        return first * second
      default:
        return undefined
    }
  }
}

/** Visits every node of a tree once. */
function eachNode(root: unknown, visit: (node: AstNode) => void): void {
  const seen = new Set<object>()
  const pending: unknown[] = [root]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if ('kind' in next && 'range' in next) visit(next as AstNode)
    for (const [name, value] of Object.entries(next)) if (!NOT_BELOW.has(name)) pending.push(value)
  }
}
