/**
 * A transform of the AssemblyScript compiler: literals of ASCII become places in one pool of bytes.
 *
 *     ascii('sub')          ->  ascii(offset, length)    the text
 *     word('sub')           ->  word(place)              with a blank or NUL behind it
 *     words('sub iss')      ->  words(place)             with NUL behind it
 *     phrase('a string')    ->  phrase(place)            with NUL behind it; place as signed() has it
 *     phrases('null\na list') ->  phrases(place)         as a phrase, with NUL for each line feed
 *
 * The language stores a string literal as UTF-16 behind an object header of 20 bytes. The filter wants bytes, so the
 * literals are taken at compile time, each text once. assembly/bytes/literal.ts has the pool, packed.
 */
import { packText } from './text-packing.ts'

/** The part of the compiler's interface that is used here; its own declarations bring AssemblyScript's globals. */
interface AstNode {
  readonly kind: number
  readonly range: unknown
}

interface CallNode extends AstNode {
  readonly expression: { readonly text?: string }
  args: AstNode[]
}

interface Compiler {
  readonly Token: { readonly Plus: number }
  readonly Node: { createIntegerLiteralExpression(value: unknown, range: unknown): AstNode }
}

declare const i64_new: (low: number, high: number) => unknown

const PACKAGE: string = 'assemblyscript'
const { Node, Token } = (await import(PACKAGE)) as Compiler

const ASCII_FILE = 'assembly/bytes/literal.ts'
// What a node knows of where it stands; going there would be going round in circles.
const NOT_BELOW = new Set(['range', 'parent', 'source', 'currentlyProcessing'])

/** A literal that is no ASCII, or no literal at all. */
export class AsciiLiteralError extends Error {
  readonly code = 'ascii_literal'
  override readonly name = 'AsciiLiteralError'
}

/** The texts so far, one behind the other; a text that stands in it already is not put in again. */
class Pool {
  // Place 0 is NO_PHRASE of assembly/bytes/phrase.ts.
  #text = '\0'

  /** Where `text` stands. */
  place(text: string): number {
    const found = this.#text.indexOf(text)
    return found >= 0 ? found : this.#append(text)
  }

  /** Where `text` stands with a blank behind it, or NUL. */
  placeWord(text: string): number {
    const found = this.#text.indexOf(`${text} `)
    return found >= 0 ? found : this.place(`${text}\0`)
  }

  #append(text: string): number {
    this.#text += text
    return this.#text.length - text.length
  }

  get text(): string {
    return this.#text
  }
}

interface ParsedSource {
  readonly normalizedPath: string
  readonly isLibrary: boolean
  readonly statements: readonly AstNode[]
}

interface Literal {
  readonly node: CallNode
  readonly text: string
}

export default class AsciiLiterals {
  /** Called by the compiler once everything is parsed and nothing compiled. */
  afterParse(parser: { readonly sources: readonly ParsedSource[] }): void {
    const own = parser.sources.filter(({ isLibrary }) => !isLibrary)
    const pool = new Pool()
    const lists = literals(own, 'words', /^[ -~]*$/, 'printable ASCII')
    const single = literals(own, 'word', /^[!-~]+$/, 'printable ASCII without blanks')
    placeLists(lists, single, pool)
    placeWords(single, pool)
    placeSlices(literals(own, 'ascii', /^[\0-\x7f]*$/, 'ASCII'), pool)
    placePhrases(
      literals(own, 'phrases', /^[ -~\n]*$/, 'printable ASCII and line feeds'),
      literals(own, 'phrase', /^[ -~]*$/, 'printable ASCII'),
      pool,
    )
    fillList(own, packText(pool.text))
    fillNumber(own, 'LITERALS_MASK', maskOf(pool))
    fillNumber(own, 'LITERALS', pool.text.length)
    fillNumber(own, 'LITERALS_BYTES', pool.text.length)
  }
}

/** A number below 64 is a byte less in the module: the lists whose words are asked for most often come first. */
function placeLists(lists: readonly Literal[], words: readonly Literal[], pool: Pool): void {
  const uses = (list: Literal): number => {
    const members = new Set(list.text.split(' '))
    return words.filter(({ text }) => members.has(text)).length
  }
  const heat = new Map(lists.map((list) => [list, uses(list) / (list.text.length + 1)]))
  const hottestFirst = longestFirst(lists).toSorted((a, b) => (heat.get(b) ?? 0) - (heat.get(a) ?? 0))
  for (const { node, text } of hottestFirst) replaceArguments(node, pool.place(`${text}\0`))
}

function placeWords(calls: readonly Literal[], pool: Pool): void {
  for (const { node, text } of longestFirst(calls)) replaceArguments(node, pool.placeWord(text))
}

function placeSlices(calls: readonly Literal[], pool: Pool): void {
  for (const { node, text } of longestFirst(calls)) replaceArguments(node, pool.place(text), text.length)
}

/** What begins alike stands together, which packs best; and the order in which files come makes no difference. */
function placePhrases(lists: readonly Literal[], calls: readonly Literal[], pool: Pool): void {
  const sorted = [...lists.toSorted(byText), ...calls.toSorted(byText)]
  const places = sorted.map(({ text }) => pool.place(`${text.replaceAll('\n', '\0')}\0`))
  for (const [i, { node }] of sorted.entries()) replaceArguments(node, signed(places[i] ?? 0, pool))
}

function byText(a: Literal, b: Literal): number {
  return a.text < b.text ? -1 : Number(a.text > b.text)
}

/** The lowest bits, all of them 1, that hold every place. */
function maskOf({ text }: Pool): number {
  return 2 ** Math.ceil(Math.log2(text.length)) - 1
}

/** In the module a negative number of few bits is shorter than a positive one of more; the mask gives the place back. */
function signed(place: number, pool: Pool): number {
  const mask = maskOf(pool)
  return place > mask >> 1 ? place - mask - 1 : place
}

/** Shorter texts are often part of longer ones. */
function longestFirst(calls: readonly Literal[]): Literal[] {
  return calls.toSorted((a, b) => b.text.length - a.text.length)
}

/** Every call of `callee` with its text, all of whose characters are in `allowed`. */
function literals(
  sources: readonly ParsedSource[],
  callee: string,
  allowed: RegExp,
  expected: string,
): Literal[] {
  const calls: Literal[] = []
  for (const { statements, normalizedPath } of sources) {
    eachNode(statements, (node) => {
      if (!isCall(node) || node.expression.text !== callee) return
      const text = textOf(node)
      if (text === undefined) {
        throw new AsciiLiteralError(
          `${normalizedPath}: found ${callee}(...) of something else, expected a string literal, or several joined with +`,
        )
      }
      if (!allowed.test(text)) {
        throw new AsciiLiteralError(
          `${normalizedPath}: found ${callee}(${JSON.stringify(text)}), expected ${expected} only`,
        )
      }
      calls.push({ node, text })
    })
  }
  return calls
}

function replaceArguments(node: CallNode, ...values: readonly number[]): void {
  node.args = values.map((value) => integer(value, node.range))
}

/** Puts `bytes` into the one list of literal.ts. */
function fillList(sources: readonly ParsedSource[], bytes: readonly number[]): void {
  for (const { statements } of sources.filter(({ normalizedPath }) => normalizedPath === ASCII_FILE)) {
    eachNode(statements, (node) => {
      const list = node as AstNode & { elementExpressions?: AstNode[] }
      if (list.elementExpressions) list.elementExpressions = bytes.map((byte) => integer(byte, node.range))
    })
  }
}

/** Puts `value` where the constant `name` of literal.ts has a 0. */
function fillNumber(sources: readonly ParsedSource[], name: string, value: number): void {
  for (const { statements } of sources.filter(({ normalizedPath }) => normalizedPath === ASCII_FILE)) {
    eachNode(statements, (node) => {
      const declaration = node as AstNode & {
        name?: { text?: string }
        initializer?: AstNode & { args?: AstNode[] }
      }
      const { initializer } = declaration
      if (declaration.name?.text !== name || !initializer) return
      const number = integer(value, node.range)
      if (initializer.args) initializer.args = [number]
      else declaration.initializer = number
    })
  }
}

function integer(value: number, range: unknown): AstNode {
  return Node.createIntegerLiteralExpression(i64_new(value, value < 0 ? -1 : 0), range)
}

function isCall(node: AstNode): node is CallNode {
  const { expression, args } = node as Partial<CallNode>
  return expression !== undefined && Array.isArray(args)
}

function textOf({ args }: CallNode): string | undefined {
  const [argument, ...more] = args
  return more.length > 0 ? undefined : literalOf(argument)
}

/** The string that a literal, or a sum of literals, stands for. */
function literalOf(node: AstNode | undefined): string | undefined {
  const { value, operator, left, right } = { ...node } as {
    readonly value?: unknown
    readonly operator?: number
    readonly left?: AstNode
    readonly right?: AstNode
  }
  if (typeof value === 'string') return value
  if (operator !== Token.Plus) return undefined
  const [first, second] = [literalOf(left), literalOf(right)]
  return first === undefined || second === undefined ? undefined : first + second
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
