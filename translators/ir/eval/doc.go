// Package eval executes the intermediate representation: it answers what
// becomes of one request. Its comments are the specification of the unified
// API; a translation is right if the native configuration, evaluated, answers
// as this package does, and never admits what this package denies.
//
// A request to a Service port is answered by [Service], a request to a
// hostname of a gateway by [Route], the question who may call by [Access] and
// [Namespace], the question which outside hosts may be reached by [External].
//
// Evaluation is total: every request and every unit has an answer, whatever
// they hold, and the same one each time. Chance is never drawn: where requests
// are shared the answer is all shares, as exact fractions; where a fault or a
// mirror concerns a percentage the answer is the percentage.
package eval
