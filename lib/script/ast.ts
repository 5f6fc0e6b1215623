// The tree of an OpenSIPS script: what the parser makes and the compiler takes. It holds no meaning, only what
// was written and where.

/** Lines and columns count from 1; columns in characters. */
export interface Position {
  file: string
  line: number
  column: number
}

interface Node {
  readonly at: Position
}

/** Versions differ in argument orders, and in what a failed transformation gives. */
export type Dialect = '2.3' | '2.4' | '3.x'

export interface Script {
  readonly file: string
  readonly dialect: Dialect
  /** What decided the dialect, for the log. */
  readonly dialectReason: string
  readonly globals: readonly Global[]
  readonly sockets: readonly Socket[]
  readonly modules: readonly LoadModule[]
  readonly parameters: readonly ModuleParameter[]
  readonly routes: readonly RouteNode[]
}

/** `children = 4`: everything before the routes that is neither socket, loadmodule nor modparam. */
export interface Global extends Node {
  readonly name: string
  /** Several when joined by `|`. */
  readonly values: readonly (string | number)[]
}

/** `socket = PROTO:HOST[:PORT] option ...`, and its older name `listen`. */
export interface Socket extends Node {
  readonly keyword: 'socket' | 'listen' | 'alias'
  readonly proto: string
  /** `*`, an address without brackets, an interface or a host name. */
  readonly host: string
  /** A word where a preprocessor would have put a number. */
  readonly port: number | string | undefined
  /** As written: `use_workers 4`. */
  readonly options: readonly string[]
}

export interface LoadModule extends Node {
  readonly path: string
}

export interface ModuleParameter extends Node {
  readonly module: string
  readonly name: string
  readonly value: string | number
}

export type RouteKind =
  | 'route'
  | 'onreply_route'
  | 'timer_route'
  | 'event_route'
  | 'startup_route'
  | 'error_route'
  | 'local_route'
  | 'failure_route'
  | 'branch_route'

export interface RouteNode extends Node {
  readonly kind: RouteKind
  /** '' for the default one of its kind; `route[0]` is that too. */
  readonly name: string
  /** `timer_route[name, 60]`: 60. */
  readonly arguments: readonly (string | number)[]
  readonly body: readonly Statement[]
}

// Statements

export type Statement = Block | If | While | For | Switch | Assign | Call | Jump

export interface Block extends Node {
  readonly type: 'block'
  readonly body: readonly Statement[]
}

export interface If extends Node {
  readonly type: 'if'
  readonly condition: Expression
  readonly then: readonly Statement[]
  readonly otherwise: readonly Statement[]
}

export interface While extends Node {
  readonly type: 'while'
  readonly condition: Expression
  readonly body: readonly Statement[]
}

/** `for ($var(x) in $(avp(y)[*]))` */
export interface For extends Node {
  readonly type: 'for'
  readonly each: Variable
  readonly of: Variable
  readonly body: readonly Statement[]
}

export interface Switch extends Node {
  readonly type: 'switch'
  readonly subject: Variable
  readonly cases: readonly {
    readonly at: Position
    readonly label: string | number
    readonly body: readonly Statement[]
  }[]
  /** It is the last one, wherever it was written. */
  readonly otherwise: readonly Statement[] | undefined
}

export type AssignOperator = '=' | ':=' | '+=' | '-=' | '*=' | '/=' | '%=' | '&=' | '|=' | '^='

export interface Assign extends Node {
  readonly type: 'assign'
  readonly to: Variable
  readonly operator: AssignOperator
  readonly value: Expression
}

/** A function or `route(...)`, as a statement or as a condition. */
export interface Call extends Node {
  readonly type: 'call'
  readonly name: string
  /** `undefined` for an argument that was left empty. */
  readonly arguments: readonly (Argument | undefined)[]
  /** Of `async(...)` and `launch(...)`: the call inside, and the route to go on in. */
  readonly inner?: {
    readonly call: Call
    readonly resume: string | undefined
    readonly timeout: Argument | undefined
  }
}

export type Argument = Text | NumberNode | Variable

export type Jump =
  | (Node & { readonly type: 'exit' | 'drop' | 'break' })
  | (Node & {
      readonly type: 'return'
      readonly code: Argument | undefined
      readonly values: readonly Argument[]
    })

// Expressions

export type Expression =
  | Logical
  | Not
  | Compare
  | Arithmetic
  | Complement
  | Bracketed
  | Call
  | Variable
  | Bareword
  | Text
  | NumberNode
  | Null
  | Network

/** `&&` and `||` have one precedence and bind from left to right. */
export interface Logical extends Node {
  readonly type: 'logical'
  readonly operator: 'and' | 'or'
  readonly left: Expression
  readonly right: Expression
  /** This node stood in parentheses of its own. */
  readonly parenthesized: boolean
}

export interface Not extends Node {
  readonly type: 'not'
  readonly operand: Expression
}

export type CompareOperator = '==' | '!=' | '<' | '>' | '<=' | '>=' | '=~' | '!~'

export interface Compare extends Node {
  readonly type: 'compare'
  readonly operator: CompareOperator
  readonly left: Expression
  readonly right: Expression
}

/** `+ - * / %` have one precedence, and `& | ^ << >>` a lower one. */
export interface Arithmetic extends Node {
  readonly type: 'arithmetic'
  readonly operator: '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>'
  readonly left: Expression
  readonly right: Expression
}

/** `~` */
export interface Complement extends Node {
  readonly type: 'complement'
  readonly operand: Expression
}

/** `[ $var(a) + 1 ]`: arithmetic in a condition. */
export interface Bracketed extends Node {
  readonly type: 'bracketed'
  readonly operand: Expression
}

/** `status`, `method`, `uri`, ...: OpenSIPS up to 2.3. */
export interface Bareword extends Node {
  readonly type: 'bareword'
  readonly name: 'status' | 'method' | 'uri' | 'src_ip' | 'dst_ip' | 'src_port' | 'dst_port'
}

/** A quoted text, its escapes undone. Whether `$` means something in it, its user knows. */
export interface Text extends Node {
  readonly type: 'text'
  readonly text: string
}

export interface NumberNode extends Node {
  readonly type: 'number'
  readonly value: number
}

export interface Null extends Node {
  readonly type: 'null'
}

/** An address without quotes, with an optional mask: `10.0.0.0/8`, `10.0.0.0/255.0.0.0`. */
export interface Network extends Node {
  readonly type: 'network'
  readonly text: string
}

// Variables: $name, $name(inner), $(name(inner)[index]{class.name,argument}{...})

export interface Variable extends Node {
  readonly type: 'variable'
  /** Without `$`: `var`, `hdr`, `rm`. */
  readonly name: string
  /** What stands in the parentheses; `undefined` when there are none. */
  readonly inner: Format | undefined
  readonly index: number | '*' | Variable | undefined
  readonly transformations: readonly Transformation[]
  /** As written, `$` included. */
  readonly source: string
}

/** `{s.select,1,:}`: class `s`, name `select`. */
export interface Transformation extends Node {
  readonly class: string
  readonly name: string
  readonly arguments: readonly Format[]
}

/** A text with variables in it, in order; `$$` is the text `$`. */
export type Format = readonly (string | Variable)[]
