/** Does something when it is first asked for. What fails does so each time. */
export function once<Made>(make: () => Made): () => Made {
  let known: { readonly value: Made } | undefined
  return () => (known ??= { value: make() }).value
}
