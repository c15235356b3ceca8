package istio

import (
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/translators"
)

// atLeast says whether the observed version is the minor release or a newer
// one. An unknown version counts as the newest supported one.
func atLeast(env translators.Env, minor int) bool {
	major, rest, ok := strings.Cut(env.Version, ".")
	if !ok || major != "1" {
		return env.Version == "" || major != "1"
	}
	digits, _, _ := strings.Cut(rest, ".")
	digits, _, _ = strings.Cut(digits, "-")
	got, err := strconv.Atoi(digits)
	return err != nil || got >= minor
}
