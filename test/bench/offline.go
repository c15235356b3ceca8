package main

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// offline measures what translating a whole repository takes: every unit of
// n services is resolved and translated once. The time is that of all cores
// together, garbage collection included.
func offline(r *Report, n int) error {
	e := offlineEngine(n)
	before, err := cpuTime()
	if err != nil {
		return err
	}
	outputs := e.ComputeAll()
	after, err := cpuTime()
	if err != nil {
		return err
	}
	objects := 0
	for _, out := range outputs {
		objects += len(out.Objects)
	}
	r.note("%d units became %d objects", len(outputs), objects)
	r.add(Number{"offline: units a second a core", n, float64(len(outputs)) / (after - before).Seconds(), "units/s"}, atLeast(20_000))
	r.add(Number{"offline: whole translation", n, (after - before).Seconds(), "CPU s"}, nil)
	return nil
}

func offlineEngine(n int) *engine.Engine {
	providers := all.Providers()
	store := resolve.NewStore(engine.StoreOptions(providers))
	put := func(objects []client.Object) {
		for _, obj := range objects {
			store.Upsert(obj)
		}
	}
	put(platform())
	for i := range n {
		put(inFiles(i))
	}
	return engine.New(engine.Config{Store: store, Providers: providers})
}
