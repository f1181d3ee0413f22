/** The reference that `make api` writes. */
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
}, 120_000)

/**
 * A function's comment is its signature's. Enums are those of the ABI, whose specification explains them; a name that is
 * exported by two modules has its comment in one.
 */
function isDocumented(one: DeclarationReflection): boolean {
  if (one.kindOf([ReflectionKind.Enum, ReflectionKind.Reference])) return true
  return one.hasComment() || one.signatures?.some((signature) => signature.hasComment()) === true
}
