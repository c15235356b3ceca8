package checkup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Installed is a Mesh or an IngressController with what was seen of it.
type Installed struct {
	// Name as people write it: "mesh shop".
	Name       string
	Generation int64
	Mode       v1alpha1.Mode
	Status     v1alpha1.InstalledStatus
	// Drift names what is not as Meshloom installed it; nil where that was not
	// looked at.
	Drift []string
	// Proxies counts pods by the version of their proxy.
	Proxies map[string]int
}

// How long before its end a root certificate is spoken of, and from when on it
// is a matter of days.
const (
	rootWarning = 60 * 24 * time.Hour
	rootError   = 14 * 24 * time.Hour
)

// Check says what is wrong with what is installed.
func (i Installed) Check(now time.Time) []Check {
	cat := category(i.Name)
	out := []Check{i.condition(cat, v1alpha1.ConditionReady)}
	if i.Mode == v1alpha1.ModeManaged {
		out = append(out, i.version(cat))
	}
	if state := i.Status.Install; state != nil {
		out = append(out, i.install(cat, state)...)
		if state.Trust != nil && state.Trust.NotAfter != nil {
			out = append(out, root(cat, *state.Trust, now))
		}
	}
	if i.Drift != nil {
		out = append(out, i.drift(cat))
	}
	if len(i.Proxies) > 0 {
		out = append(out, i.proxies(cat))
	}
	return out
}

func (i Installed) condition(cat category, name v1alpha1.ConditionType) Check {
	c := meta.FindStatusCondition(i.Status.Conditions, string(name))
	hint := "meshctl describe " + i.Name
	switch {
	case c == nil:
		return cat.fail(string(name), finding{"no operator has reported on it", "meshctl check says whether one runs"})
	case c.ObservedGeneration < i.Generation:
		return cat.warn(string(name), finding{"the operator has not seen its last edit yet", hint})
	case c.Status != metav1.ConditionTrue:
		return cat.fail(string(name), finding{strings.TrimSpace(c.Reason + ": " + c.Message), hint})
	}
	return cat.ok(string(name))
}

// version compares what was asked for with what runs.
func (i Installed) version(cat category) Check {
	const name = "version"
	runs := i.Status.Version
	if i.Status.Install == nil || i.Status.Install.Version == "" {
		return cat.warn(name, finding{fmt.Sprintf("runs %s, and the installer has not looked at it", orUnknown(runs)), "meshctl check says whether the installer runs"})
	}
	wanted := i.Status.Install.Version
	if runs != wanted {
		return cat.warn(name, finding{fmt.Sprintf("runs %s, wanted is %s", orUnknown(runs), wanted), "meshctl describe " + i.Name})
	}
	return cat.ok(name, runs)
}

// install reports what the installer says that stands still.
func (i Installed) install(cat category, state *v1alpha1.InstallState) []Check {
	var out []Check
	for _, c := range state.Conditions {
		bad := c.Type == string(v1alpha1.ConditionInstalled) && c.Status == metav1.ConditionFalse ||
			c.Type == string(v1alpha1.ConditionStalled) && c.Status == metav1.ConditionTrue
		text := finding{strings.TrimSpace(c.Reason + ": " + c.Message), "meshctl describe " + i.Name}
		switch {
		case bad:
			out = append(out, cat.fail(c.Type, text))
		case c.Type == string(v1alpha1.ConditionUpgrading) && c.Status == metav1.ConditionTrue:
			out = append(out, cat.warn(c.Type, text))
		}
	}
	if len(state.Immovable) > 0 {
		out = append(out, cat.warn("workloads", finding{
			"cannot be restarted without losing requests: " + few(state.Immovable),
			"mend them, or allow the loss with meshctl upgrade " + i.Name + " --move-immovable",
		}))
	}
	return out
}

func root(cat category, trust v1alpha1.TrustState, now time.Time) Check {
	const name = "root certificate"
	end := trust.NotAfter.UTC().Format(time.DateOnly)
	left := trust.NotAfter.Sub(now)
	text := finding{"runs out on " + end, "set the annotation " + v1alpha1.AnnotationRotateRoot + " to a new value to have it rotated now"}
	switch {
	case left < rootError:
		return cat.fail(name, text)
	case left < rootWarning && trust.Stage == v1alpha1.TrustSteady:
		return cat.warn(name, text)
	}
	return cat.ok(name, fmt.Sprintf("%s, good until %s", trust.Stage, end))
}

func (i Installed) drift(cat category) Check {
	const name = "drift"
	if len(i.Drift) == 0 {
		return cat.ok(name)
	}
	return cat.warn(name, finding{
		fmt.Sprintf("%d objects are not as installed: %s", len(i.Drift), few(i.Drift)),
		"to have them as installed, set the annotation " + v1alpha1.AnnotationRetry + " to a new value",
	})
}

// proxies reports pods whose proxy is of another version than the control plane.
func (i Installed) proxies(cat category) Check {
	const name = "proxies"
	total, other := 0, []string{}
	for _, version := range slices.Sorted(maps.Keys(i.Proxies)) {
		total += i.Proxies[version]
		if version != i.Status.Version {
			other = append(other, fmt.Sprintf("%d of %s", i.Proxies[version], orUnknown(version)))
		}
	}
	if len(other) == 0 {
		return cat.ok(name, fmt.Sprintf("%d of %s", total, i.Status.Version))
	}
	return cat.warn(name, finding{
		fmt.Sprintf("of %d, not of version %s: %s", total, orUnknown(i.Status.Version), few(other)),
		"restart their workloads, or let the upgrade do it: restarts: Automatic",
	})
}

func orUnknown(version string) string {
	if version == "" {
		return "an unknown version"
	}
	return version
}

// few lists at most five.
func few(names []string) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
