type Json = Readonly<Record<string, unknown>>

const madeOf = new WeakMap<object, ReadonlyMap<string | symbol, unknown>>()

/** An object whose values are made of another's, each when it is first asked for. */
export function onDemand(given: Json, make: (value: unknown) => unknown): Json {
  const made = new Map<string | symbol, unknown>()
  // What is given may be frozen, and then would have to keep its values.
  const proxy = new Proxy(
    { ...given },
    {
      get(target, key) {
        if (!made.has(key)) made.set(key, Object.hasOwn(target, key) ? make(Reflect.get(target, key)) : Reflect.get(target, key))
        return made.get(key)
      },
    },
  )
  madeOf.set(proxy, made)
  return proxy
}

/** The object itself; of one whose values are made on demand, those that have been made. Whoever looks for one that he was given needs no others. */
export function soFar(value: object): object {
  const made = madeOf.get(value)
  return made ? Object.fromEntries(made) : value
}
