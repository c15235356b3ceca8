package resolve

import (
	"iter"
	"maps"
	"slices"
)

// fewMembers is the size up to which a set is a slice: most sets of a store
// hold one or two members, and a map costs ten times as much.
const fewMembers = 12

// set is a set without order. Its zero value is empty.
type set[T comparable] struct {
	few  []T
	many map[T]struct{}
}

func (s *set[T]) len() int {
	if s == nil {
		return 0
	}
	return len(s.few) + len(s.many)
}

// add says whether the member is new.
func (s *set[T]) add(x T) bool {
	if s.many != nil {
		_, ok := s.many[x]
		s.many[x] = struct{}{}
		return !ok
	}
	for _, y := range s.few {
		if x == y {
			return false
		}
	}
	s.few = append(s.few, x)
	if len(s.few) > fewMembers {
		s.many = make(map[T]struct{}, 2*fewMembers)
		for _, y := range s.few {
			s.many[y] = struct{}{}
		}
		s.few = nil
	}
	return true
}

// remove says whether there was such a member.
func (s *set[T]) remove(x T) bool {
	if s.many != nil {
		_, ok := s.many[x]
		delete(s.many, x)
		if len(s.many) <= fewMembers/2 {
			s.few = slices.Collect(maps.Keys(s.many))
			s.many = nil
		}
		return ok
	}
	for i, y := range s.few {
		if x == y {
			last := len(s.few) - 1
			s.few[i] = s.few[last]
			s.few = s.few[:last]
			return true
		}
	}
	return false
}

// all yields the members; the set must not change meanwhile.
func (s *set[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		if s == nil {
			return
		}
		for _, x := range s.few {
			if !yield(x) {
				return
			}
		}
		for x := range s.many {
			if !yield(x) {
				return
			}
		}
	}
}
