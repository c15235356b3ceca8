// Package apply brings the native objects of units into a cluster and takes
// them out again.
//
// What is decided is pure: Make compares what a unit wants with what is known
// of the cluster and returns a Plan: what to create and update, in which order,
// what to remove after that, and what users have to know. Merge and MakeShared
// do the same for objects of somebody else in which units only have a part.
// Guard holds back removals that look like an accident. What is known of the
// cluster is in a Cache, which watches fill. A Writer is the thin rest: it
// executes a plan by server-side apply and changes nothing that it did not
// expect: every request carries what it believes of the object, and the API
// server refuses it where that is no longer true.
//
// An object is ours when it carries our marks and our field manager owns them:
// a label that somebody else wrote never makes an object ours.
package apply
