// Package reconciler runs work: a Loop takes keys off one rate-limited queue
// with several workers, never two on one key, and decides once what an error
// means. Kinds watches the native kinds of providers, which come and go with
// their CRDs, and Definitions knows which of them the API server serves.
package reconciler
