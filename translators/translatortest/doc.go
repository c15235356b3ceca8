// Package translatortest is the harness that the tests of every provider run:
// golden files, determinism, declared kinds, valid native objects, an answer
// for every feature, and purity. It also makes random units and requests for
// property tests, which compare a translation with package eval.
package translatortest
