/** Every error the tool can answer with. The README lists them; a test compares the two. */
export const PROBLEMS = {
  'route-unknown': { status: 404, title: 'No operation has this path' },
  'path-undecodable': { status: 400, title: 'The path holds a percent-encoding that does not decode' },
  'method-unknown': { status: 405, title: 'The path exists, but not with this method' },
  'credentials-missing': { status: 401, title: 'The request names no credentials' },
  'credentials-refused': { status: 401, title: 'The credentials are wrong' },
  'caller-refused': { status: 409, title: 'The caller is of the wrong type of organisation' },
  'permission-missing': { status: 403, title: 'The caller lacks the permission for the operation' },
  'login-refused': { status: 401, title: 'No user has this name and password' },
  'parameters-invalid': { status: 400, title: 'A parameter does not fit the document' },
  'media-type-unsupported': { status: 415, title: 'The operation does not read this media type' },
  'body-too-large': { status: 413, title: 'The body is larger than the server reads' },
  'body-unreadable': { status: 400, title: 'The body cannot be parsed' },
  'request-invalid': { status: 400, title: 'The body does not fit the document' },
  'preference-invalid': { status: 400, title: 'The header Prefer asks for what no answer can be' },
  'response-unknown': { status: 404, title: 'The document has no such answer, or no example of it' },
  'order-unknown': { status: 404, title: 'There is no such order for this caller' },
  'line-item-unknown': { status: 422, title: 'There is no such line item for this caller' },
  'supplier-unknown': { status: 400, title: 'There is no such supplier' },
  'po-number-known': { status: 400, title: 'The retailer has an order with this purchase order number' },
  'allocation-unknown': { status: 404, title: 'There is no such allocation in this account' },
  'allocation-closed': { status: 404, title: 'The allocation has nothing left to cancel' },
  'allocations-none': { status: 404, title: 'No allocation matches the query' },
  'oms-order-unknown': { status: 404, title: 'There is no such order in this account' },
  'oms-order-known': { status: 400, title: 'The account has an order with this number' },
  'oms-order-covered': { status: 404, title: 'The order has not that many units left to allocate' },
  'stock-none': { status: 404, title: 'No location has any of what is to be allocated' },
  'location-none': { status: 400, title: 'No location is left that has what is to be reallocated' },
  'allocation-fixed': { status: 400, title: 'The allocation cannot be changed so' },
  'version-stale': { status: 400, title: 'The allocation has changed since this version' },
  'event-unsupported': { status: 400, title: 'The event has no effect on allocations' },
  'shipment-impossible': { status: 400, title: 'The allocation cannot be shipped so' },
  'shipment-unknown': { status: 404, title: 'There is no such shipment in this account' },
  'quantities-differ': { status: 400, title: 'The quantities do not add up to what was ordered' },
  'line-repeated': { status: 400, title: 'A line item stands in the request twice' },
  'line-unknown': { status: 422, title: 'The order has no such line item for this caller' },
  'line-closed': { status: 422, title: 'The line item cannot be allocated any more' },
  'lines-missing': { status: 400, title: 'The allocation leaves out open line items' },
  'rejected-falls': { status: 422, title: 'Fewer units would be rejected than before' },
  'cancellation-impossible': { status: 422, title: 'The order or line item cannot be cancelled any more' },
  'cancellation-none': { status: 422, title: 'No cancellation waits for an answer' },
  'units-exceeded': { status: 422, title: 'More units would be shipped than are allocated' },
  'units-fall': { status: 422, title: 'Fewer units would be in the package than before' },
  'tracking-known': { status: 422, title: 'The order has a package with this tracking number' },
  'tracking-unknown': { status: 404, title: 'The order has no package with this tracking number' },
  'shipped-already': { status: 422, title: 'More units are shipped than the request leaves allocated' },
  'search-too-wide': { status: 400, title: 'The filter leaves too many candidates to look through' },
  'session-invalid': { status: 400, title: 'The request does not name one usable session' },
  'session-required': { status: 400, title: 'The server takes only requests that name a session' },
  'sessions-exhausted': { status: 503, title: 'The server holds as many sessions as it may' },
  'session-unknown': { status: 404, title: 'There is no such session' },
  'request-unknown': { status: 404, title: 'The journal holds no such request' },
  'document-unknown': { status: 404, title: 'There is no such document' },
  'state-unknown': { status: 404, title: 'No provider state has this text' },
  'state-parameter-missing': { status: 400, title: 'The provider state needs a parameter' },
  'state-parameter-unknown': { status: 400, title: 'The provider state has no such parameter' },
  'state-impossible': { status: 422, title: 'The provider state, or what shall exist, cannot be' },
  'listeners-exhausted': { status: 503, title: 'As many clients follow the journal as may' },
  'host-refused': { status: 403, title: 'Control routes answer only to known hosts and origins' },
  'control-refused': { status: 401, title: 'Control routes beyond loopback need the control token' },
  'schema-broken': { status: 500, title: 'A schema of the document cannot be compiled' },
  'reply-invalid': { status: 500, title: 'The answer does not fit the document' },
  internal: { status: 500, title: 'The server failed' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** Wrong use of the command or the library: an unknown flag, name or value. The command prints it and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A document that cannot be loaded or compiled. Names the file and, where there is one, the place in it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}
