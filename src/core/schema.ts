/** A JSON Schema. One that an API gives stands for itself: its references begin with `#/$defs/`. */
export type Schema = Readonly<Record<string, unknown>>
