package traffic

import (
	"testing"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestSharedObjectsRunAfterAllUnits(t *testing.T) {
	one, two, shared := ir.Key{Kind: ir.KindService, Name: "1"}, ir.Key{Kind: ir.KindService, Name: "2"}, ir.Key{Kind: apply.KindShared}
	var p progress
	if admitted := p.admit([]ir.Key{shared}); len(admitted) > 0 {
		t.Error("a shared object runs before it is known which units there are")
	}
	primed, held := p.begin([]ir.Key{one, two})
	done := func() bool {
		select {
		case <-primed:
			return true
		default:
			return false
		}
	}
	held = append(held, p.ran(one)...)
	held = append(held, p.ran(one)...)
	if len(held) > 0 || len(p.admit([]ir.Key{shared})) > 0 || done() {
		t.Error("a shared object runs before all units have")
	}
	if held := p.ran(two); len(held) != 1 || held[0] != shared || done() {
		t.Errorf("after all units %v is due, all done: %v", held, done())
	}
	if p.ran(shared); !done() {
		t.Error("all have run, and nobody is told")
	}
	if admitted := p.admit([]ir.Key{shared}); len(admitted) != 1 {
		t.Error("a shared object waits for nothing")
	}
	p.ran(shared)
}

func TestAnEmptyClusterIsPrimedAtOnce(t *testing.T) {
	var p progress
	primed, _ := p.begin(nil)
	select {
	case <-primed:
	default:
		t.Error("nothing to wait for, and not primed")
	}
}
