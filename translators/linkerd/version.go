package linkerd

import (
	"cmp"
	"strconv"
	"strings"
)

// firstVersion returns the first version that is one, as releases are counted;
// empty where none is.
func firstVersion(texts ...string) string {
	for _, text := range texts {
		if v := releaseOf(text); v != "" {
			return v
		}
	}
	return ""
}

// releaseOf returns the release that images with a tag are of: that of
// "stable-2.14.10" and "enterprise-2.18.1" is in the tag. Edges are weekly, and
// some of them are declared releases; any other belongs to the last one before
// it, whose features it has at least. It is empty for other tags.
func releaseOf(tag string) string {
	channel, number, ok := strings.Cut(tag, "-")
	switch {
	case !ok:
		return ""
	case channel == "edge":
		return releaseAt(number)
	case channel == "stable" || channel == "enterprise":
		number, _, _ = strings.Cut(number, "-")
		if len(numbersOf(number)) == 3 {
			return number
		}
	}
	return ""
}

// releaseAt returns the newest release of the catalog that is no younger than
// an edge; empty where all are.
func releaseAt(edge string) string {
	at := numbersOf(edge)
	if len(at) != 3 {
		return ""
	}
	for _, v := range catalog().Versions {
		if older(numbersOf(strings.TrimPrefix(v.App, "edge-")), at) {
			return v.Version
		}
	}
	return ""
}

// older says whether the first number is the same or older.
func older(a, b []int) bool {
	for i := range a {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c < 0
		}
	}
	return true
}

// numbersOf reads the numbers of "25.10.7"; nil where that is not three.
func numbersOf(text string) []int {
	var out []int
	for _, part := range strings.Split(text, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil
		}
		out = append(out, n)
	}
	if len(out) != 3 {
		return nil
	}
	return out
}

// tagOf is the tag of an image; empty where it has none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[i+1:]
	}
	return ""
}
