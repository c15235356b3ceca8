// Package ir is the intermediate representation: what users of the unified API
// meant, resolved. Selectors are expanded, references followed and granted,
// defaults filled, precedence applied and lists sorted, so that a translator
// only has to say it in one mesh's words.
//
// The types are plain data without behaviour that depends on a cluster, a
// clock or a mesh. Every piece keeps the Source it came from. Path prefixes,
// regular expressions, weights, retries and timeouts have exactly one meaning,
// written at their types; translators adapt to it, package eval executes it.
//
// The JSON form is shown by golden files. It is not an API: it changes with the
// code.
package ir
