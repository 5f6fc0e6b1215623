// A layer: what one source of configuration gave, still as text, and where each of it stands.

export interface Given {
  /** As many as were given; an option that is not repeatable takes the last. */
  texts: string[]
  /** FILE:LINE:COL, flag or environment variable. */
  where: string
}

/** By parameter name. */
export type Layer = Map<string, Given>
