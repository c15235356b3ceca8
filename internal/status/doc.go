// Package status says what became of users' objects.
//
// Units end in Reports. A Joiner knows which reports speak of which object and
// whether all of them are in; only then is the object's status computed, by a
// pure function of its kind, and written by a Writer if it differs. The words
// of conditions are made here, so that every kind says the same thing the same
// way.
package status
