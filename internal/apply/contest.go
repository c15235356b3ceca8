package apply

import (
	"errors"
	"sync"
	"time"

	"github.com/meshloom/meshloom/translators"
)

// ErrContested is the failure to write an object because somebody keeps
// changing it back: it is repaired ever more slowly instead of without end.
var ErrContested = errors.New("somebody else keeps changing the object back")

const (
	// freeRepairs is how many repairs in a row are made at once.
	freeRepairs  = 5
	firstWait    = 100 * time.Millisecond
	longestWait  = time.Minute
	contestEnds  = 2 * time.Minute
	contestsKept = 1024
)

// contests remembers which objects had to be written again with the same
// content. Its zero value is empty and it is safe for concurrent use.
type contests struct {
	mu   sync.Mutex
	seen map[translators.ObjectRef]contest
}

type contest struct {
	content string
	repairs int
	last    time.Time
}

// admit says whether an update may be made now, and counts it if so.
func (c *contests) admit(ref translators.ObjectRef, content string, now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.seen[ref]
	if !ok || one.content != content || now.Sub(one.last) > contestEnds {
		one = contest{content: content}
	}
	if now.Sub(one.last) < wait(one.repairs) {
		return ErrContested
	}
	one.repairs, one.last = one.repairs+1, now
	if c.seen == nil {
		c.seen = map[translators.ObjectRef]contest{}
	}
	c.seen[ref] = one
	if len(c.seen) > contestsKept {
		for ref, old := range c.seen {
			if now.Sub(old.last) > contestEnds {
				delete(c.seen, ref)
			}
		}
	}
	return nil
}

// wait is how long after so many repairs the next one is made.
func wait(repairs int) time.Duration {
	if repairs < freeRepairs {
		return 0
	}
	return min(firstWait<<min(repairs-freeRepairs, 10), longestWait)
}
