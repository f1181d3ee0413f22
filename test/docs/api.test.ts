/** The reference that `make api` writes. */
import { readFileSync } from 'node:fs'
import {
  Application,
  type DeclarationReflection,
  LogLevel,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
} from 'typedoc'
import { expect, test } from 'vitest'

test('the reference of the host’s API is complete: nothing is missing and every link leads somewhere', async () => {
  const warnings: string[] = []
  const app = await Application.bootstrap({ logLevel: 'Warn' }, [new TypeDocReader(), new TSConfigReader()])
  app.logger.log = (message, level) => {
    if (level >= LogLevel.Warn) warnings.push(message)
  }
  const project = await app.convert()
  if (project !== undefined) app.validate(project)
  expect(warnings).toEqual([])
  const names = project?.children?.map(({ name }) => name)
  expect(names).toEqual(['envoy', 'gateway', 'index', 'vitest'])
  const undocumented = (project?.children ?? []).flatMap(({ children = [] }) =>
    children.filter((one) => !isDocumented(one)),
  )
  expect(undocumented.map((one) => one.getFullName())).toEqual([])

  const modules = project?.children ?? []
  const exported = modules.flatMap(({ children = [] }) => children)
  const examples = examplesOf('docs/host.md')
  const methods = exported.filter((one) => one.kindOf(ReflectionKind.Class)).flatMap(methodsOf)
  expect(methods.length).toBeGreaterThan(50)
  expect(without(methods, ({ name }) => examples.includes(`.${name}(`))).toEqual([])

  const functions = exported.filter((one) => one.kindOf(ReflectionKind.Function))
  expect(functions.length).toBeGreaterThan(15)
  expect(without(functions, ({ name }) => new RegExp(`\\b${name}\\(`).test(examples))).toEqual([])

  const fields = exported.filter((one) => one.kindOf(ReflectionKind.Interface)).flatMap(optionsOf)
  expect(fields.length).toBeGreaterThan(80)
  expect(without(fields, ({ name }) => new RegExp(`\\b${name}\\s*[:,}(]`).test(examples))).toEqual([])
}, 120_000)

/** Every example of a page, as one text. */
function examplesOf(file: string): string {
  const page = readFileSync(file, 'utf8')
  return [...page.matchAll(/```(?:ts|yaml) title=\S+\n(.*?)```/gs)].map(([, source]) => source).join('')
}

/** The names of those that an example does not show. */
function without(
  all: readonly DeclarationReflection[],
  isShown: (one: DeclarationReflection) => boolean,
): string[] {
  return all.filter((one) => !isShown(one)).map((one) => one.getFullName())
}

/** The fields of what a caller writes: an interface of which something may be left out, nested objects included. */
function optionsOf({ children = [] }: DeclarationReflection): readonly DeclarationReflection[] {
  if (!children.some(({ flags }) => flags.isOptional)) return []
  return children.flatMap((field) => {
    const nested = field.type?.type === 'reflection' ? (field.type.declaration.children ?? []) : []
    return [field, ...nested]
  })
}

/** What a class of the host's own lets others call. */
function methodsOf({ children = [] }: DeclarationReflection): readonly DeclarationReflection[] {
  return children.filter((one) => {
    const isInherited = /^(Type)?Error\./.test(one.inheritedFrom?.name ?? '')
    return one.kindOf(ReflectionKind.Method) && !isInherited && !one.name.startsWith('[')
  })
}

/**
 * A function's comment is its signature's. Enums are those of the ABI, whose specification explains them; a name that is
 * exported by two modules has its comment in one.
 */
function isDocumented(one: DeclarationReflection): boolean {
  if (one.kindOf([ReflectionKind.Enum, ReflectionKind.Reference])) return true
  return one.hasComment() || one.signatures?.some((signature) => signature.hasComment()) === true
}
