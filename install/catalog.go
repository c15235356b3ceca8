package install

import "time"

// Catalog is the data of a provider's versions.yaml.
type Catalog struct {
	// Default is the minor version that is installed where none is asked for.
	Default string `json:"default"`
	// Repository is where the charts are, as a URL.
	Repository string `json:"repository"`
	// Skew is how many minor versions one upgrade may step over; 1 means to the
	// next one. A downgrade goes back at most as far.
	Skew int `json:"skew"`
	// Follows names, by the first minor version of a major one, the minor version
	// that it comes next after, as 2.0 after 1.9: one step then leads from one to
	// the other. A major version that is not here is a new installation.
	Follows map[string]string `json:"follows,omitempty"`
	// Versions from the newest to the oldest.
	Versions []Version `json:"versions"`
}

// Version is one entry of a catalog.
type Version struct {
	// Version is exact, as "1.31.0".
	Version string `json:"version"`
	// Kubernetes and GatewayAPI are the windows that the product supports.
	Kubernetes Window `json:"kubernetes"`
	GatewayAPI Window `json:"gatewayAPI"`
	// EndOfLife is the day from which on nobody mends it.
	EndOfLife Date `json:"endOfLife"`
	// Embedded says that its charts come with this binary.
	Embedded bool `json:"embedded,omitempty"`
	// App is what the product calls this version, where that is not Version: the
	// appVersion of its charts, and a tag of its images.
	App string `json:"app,omitempty"`
	// Charts are the versions of charts that differ from Version, by name.
	Charts map[string]string `json:"charts,omitempty"`
}

// Window is a range of minor versions, both ends included; empty ends are open.
type Window struct {
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
}

// Date is a day, as 2027-05-31.
type Date string

// Time returns the begin of the day in UTC, and whether it is a date.
func (d Date) Time() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return t, err == nil
}
