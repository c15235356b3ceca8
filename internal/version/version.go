// Package version says which build of Meshloom runs.
package version

import "runtime/debug"

// stamped is set by the linker in releases:
// -X github.com/meshloom/meshloom/internal/version.stamped=1.2.3.
var stamped string

// Build returns the version of this build: the stamped one, else that of the
// module where Go knows it, else "devel".
func Build() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
