// Package gatewayapi makes objects of the Gateway API out of parts of the IR. It
// knows no mesh and no ingress: which fields of the objects are read, and which
// of two matches comes first, is handed in by those who do. What they do not
// read is handed back, never left out without a word.
//
// A route table of the IR is ordered, first match first. HTTPRoutes are not:
// the most specific match wins, whatever the order. [Order] makes a table mean
// the same both ways, or says why it cannot.
package gatewayapi
