package status

import (
	"maps"
	"slices"
	"sync"

	"github.com/meshloom/meshloom/internal/index"
	"github.com/meshloom/meshloom/translators/ir"
)

// Joiner keeps the report of every unit and finds those that speak of an
// object. It is safe for concurrent use.
type Joiner struct {
	mu      sync.Mutex
	reports map[ir.Key]*Report
	objects index.Index[ir.Ref, ir.Key]
	// due are units that have to run again before anything is said about what
	// they speak of, with the number of the event that said so.
	due    map[ir.Key]uint64
	events uint64
	// ended counts units that ended since the maps were made.
	ended int
	// caused are the objects whose events made a unit due: it may have come to
	// speak of them.
	caused index.Index[ir.Key, ir.Ref]
}

// NewJoiner returns a joiner without reports.
func NewJoiner() *Joiner {
	return &Joiner{
		reports: map[ir.Key]*Report{}, objects: index.Index[ir.Ref, ir.Key]{},
		due: map[ir.Key]uint64{}, caused: index.Index[ir.Key, ir.Ref]{},
	}
}

// Expect announces that units will run, because of an event of the object; a
// zero reference is none of the unified API.
func (j *Joiner) Expect(cause ir.Ref, keys []ir.Key) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events++
	for _, key := range keys {
		j.due[key] = j.events
		if cause == (ir.Ref{}) {
			continue
		}
		j.caused.Add(key, cause)
		j.objects.Add(cause, key)
	}
}

// Begin says that a run of a unit starts, and returns what End needs to tell
// whether an event came in between.
func (j *Joiner) Begin(ir.Key) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.events
}

// End takes the report of a run; nil says that the unit exists no longer. It
// returns the objects whose status may be another one now.
func (j *Joiner) End(key ir.Key, begun uint64, report *Report) []ir.Ref {
	j.mu.Lock()
	defer j.mu.Unlock()
	touched := j.reports[key].objects()
	if j.due[key] <= begun {
		delete(j.due, key)
		for ref := range j.caused.All(key) {
			touched[ref] = true
		}
		delete(j.caused, key)
	}
	for ref := range touched {
		j.objects.Remove(ref, key)
	}
	delete(j.reports, key)
	if report != nil {
		j.reports[key] = report
	} else {
		j.shed()
	}
	for ref := range report.objects() {
		touched[ref] = true
		j.objects.Add(ref, key)
	}
	for ref := range j.caused.All(key) {
		j.objects.Add(ref, key)
	}
	return slices.SortedFunc(maps.Keys(touched), ir.Ref.Compare)
}

// minShed is the number of units whose room is no matter.
const minShed = 1024

// shed takes note of a unit that ended, and gives room back once most have.
func (j *Joiner) shed() {
	j.ended++
	if j.ended < minShed || j.ended < 3*len(j.reports) {
		return
	}
	j.ended = 0
	j.reports, j.objects = index.Fit(j.reports), index.Fit(j.objects)
	j.due, j.caused = index.Fit(j.due), index.Fit(j.caused)
}

// Of returns the reports that speak of an object, sorted by unit, and whether
// all units that do, or may, are up to date.
func (j *Joiner) Of(ref ir.Ref) (reports []*Report, complete bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, key := range slices.SortedFunc(j.objects.All(ref), ir.Key.Compare) {
		if _, due := j.due[key]; due {
			return nil, false
		}
		if report := j.reports[key]; report != nil {
			reports = append(reports, report)
		}
	}
	return reports, true
}
