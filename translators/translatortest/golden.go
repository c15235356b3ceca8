package translatortest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// shuffles is in how many orders the objects of a case are taken in.
const shuffles = 100

// golden runs every case of the suite: <case>.in.yaml comes to <case>.out.yaml,
// which holds objects and issues. The input is either objects, as users and
// clusters have them, which the engine computes all units of; or one unit in
// its resolved form, below the key "unit", with the environment below "env".
func (s *Suite) golden(t *testing.T) {
	inputs, err := filepath.Glob(filepath.Join(s.Dir, "*.in.yaml"))
	if err != nil || len(inputs) == 0 {
		t.Fatalf("find golden cases in %s: %d found, %v", s.Dir, len(inputs), err)
	}
	for _, input := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(input), ".in.yaml"), func(t *testing.T) {
			data, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if isUnit.Match(data) {
				got = s.unitCase(t, data)
			} else {
				got = s.objectsCase(t, input)
			}
			compare(t, strings.TrimSuffix(input, ".in.yaml")+".out.yaml", got)
		})
	}
}

var isUnit = regexp.MustCompile(`(?m)^unit:`)

// compare compares with a golden file, or writes it with -update.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update to write it, and read it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func (s *Suite) unitCase(t *testing.T, data []byte) string {
	t.Helper()
	var in struct {
		Env  translators.Env `json:"env"`
		Unit ir.Unit         `json:"unit"`
	}
	if err := yaml.UnmarshalStrict(data, &in); err != nil {
		t.Fatal(err)
	}
	result, problems := s.pure(in.Env, &in.Unit)
	report(t, problems)
	result.Issues = append(result.Issues, translators.Check(&in.Unit, s.Provider.Supports(in.Env))...)
	return text(result)
}

func (s *Suite) objectsCase(t *testing.T, input string) string {
	t.Helper()
	set, err := manifest.Reader{}.Read(input)
	if err != nil {
		t.Fatal(err)
	}
	for kind := range set.Ignored {
		t.Errorf("objects of the kind %s are read by nobody", kind)
	}
	var objects []client.Object
	for _, o := range set.Objects {
		objects = append(objects, o.Object)
	}
	before := make([]client.Object, len(objects))
	for i, obj := range objects {
		before[i], _ = obj.DeepCopyObject().(client.Object)
	}
	first := s.compute(objects)
	for _, c := range first {
		report(t, s.check(c.result))
	}
	want := formOf(first)
	r := rand.New(rand.NewPCG(1, 1))
	for range shuffles {
		r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		if again := s.compute(objects); formOf(again) != want {
			t.Fatalf("another order of the objects gives something else:\n%s", cmp.Diff(textOf(first), textOf(again)))
		}
	}
	for i, o := range set.Objects {
		if diff := cmp.Diff(before[i], o.Object); diff != "" {
			t.Errorf("the translation changed %T %s (-before +after):\n%s", o.Object, o.GetName(), diff)
		}
	}
	return textOf(first)
}

// computed is what a unit comes to, or with an empty header what is wrong with
// objects as such.
type computed struct {
	header string
	result translators.Result
}

// compute computes every unit of the objects.
func (s *Suite) compute(objects []client.Object) []computed {
	providers := append([]translators.Provider{s.Provider}, s.Partners...)
	store := resolve.NewStore(engine.StoreOptions(providers))
	for _, obj := range objects {
		store.Upsert(obj)
	}
	var list []computed
	for _, gvk := range kinds.Unified() {
		for _, ref := range store.Refs(gvk.Kind) {
			if _, issues := store.Check(ref); len(issues) > 0 {
				list = append(list, computed{result: translators.Result{Issues: issues}})
			}
		}
	}
	for _, out := range engine.New(engine.Config{Store: store, Providers: providers}).ComputeAll() {
		header := fmt.Sprintf("### %s\n", out.Key)
		for _, p := range out.Pairings {
			header += fmt.Sprintf("# %s is reached %s, by %s\n", p.Backend, p.Pairing.Mode, p.Pairing.Way)
		}
		list = append(list, computed{header, translators.Result{Objects: out.Objects, Contributions: out.Contributions, Issues: out.Issues}})
	}
	return list
}

func textOf(list []computed) string {
	var buf bytes.Buffer
	for _, c := range list {
		buf.WriteString(c.header)
		show(&buf, c.result)
	}
	return buf.String()
}

func formOf(list []computed) string {
	var buf bytes.Buffer
	for _, c := range list {
		buf.WriteString(c.header + form(c.result))
	}
	return buf.String()
}
