package mesh

import (
	"strconv"
	"sync"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// AnnotationConfirmPrune on a Mesh is the number of native objects of the mesh
// that somebody agrees to lose at once. The status of the Mesh asks for it.
const AnnotationConfirmPrune = v1alpha1.GroupName + "/confirm-prune"

// Confirmations remembers what was agreed for every mesh, also after its Mesh
// is gone: that is how somebody agrees to lose all by deleting it. Its zero
// value is empty and it is safe for concurrent use.
type Confirmations struct {
	mu     sync.RWMutex
	agreed map[string]int
}

// Put takes note of what a Mesh says, and says whether that changed.
func (c *Confirmations) Put(mesh *v1alpha1.Mesh) bool {
	count, err := strconv.Atoi(mesh.Annotations[AnnotationConfirmPrune])
	if err != nil || count < 0 {
		count = 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.agreed == nil {
		c.agreed = map[string]int{}
	}
	old := c.agreed[mesh.Name]
	c.agreed[mesh.Name] = count
	return old != count
}

// Of returns what was agreed for a mesh.
func (c *Confirmations) Of(mesh string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.agreed[mesh]
}
