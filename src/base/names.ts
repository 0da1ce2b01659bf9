/** By what names everybody knows those of APIs: by themselves where no other has the same. @param names of all of them */
export function namesAmong(names: readonly string[]): (api: string, name: string) => string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return (api, name) => ((counts.get(name) ?? 0) > 1 ? `${api}:${name}` : name)
}
