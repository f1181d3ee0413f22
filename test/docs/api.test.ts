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

  const page = readFileSync('docs/host.md', 'utf8')
  const examples = [...page.matchAll(/```ts title=\S+\n(.*?)```/gs)].map(([, source]) => source).join('')
  const methods = (project?.children ?? []).flatMap(
    (module) => module.children?.filter((one) => one.kindOf(ReflectionKind.Class)).flatMap(methodsOf) ?? [],
  )
  expect(methods.length).toBeGreaterThan(50)
  expect(
    methods.filter(({ name }) => !examples.includes(`.${name}(`)).map((one) => one.getFullName()),
  ).toEqual([])
}, 120_000)

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
