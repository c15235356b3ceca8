package stage

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Writes counts at the API server, by "VERB resource.group", the writes to all
// that the operator may write: native kinds, the unified API with its status,
// Namespaces and Services. Writes of anybody count, so that a difference of
// none is none of the operator's either.
func (s *Stage) Writes(ctx context.Context) (map[string]int, error) {
	httpClient, err := rest.HTTPClientFor(s.Config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Config.Host+"/metrics", http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("read metrics of the API server: %w", err)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read metrics of the API server: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics of the API server: %s", response.Status)
	}
	counts := map[string]int{}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if name, n, ok := write(lines.Text()); ok {
			counts[name] += n
		}
	}
	return counts, lines.Err()
}

var label = regexp.MustCompile(`(\w+)="([^"]*)"`)

var writeVerbs = []string{"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}

// write reads a line of the metrics, and says whether it counts writes that
// are of interest here.
func write(line string) (name string, count int, ok bool) {
	rest, ok := strings.CutPrefix(line, "apiserver_request_total{")
	if !ok {
		return "", 0, false
	}
	labels := map[string]string{}
	for _, match := range label.FindAllStringSubmatch(rest, -1) {
		labels[match[1]] = match[2]
	}
	resource, group := labels["resource"], labels["group"]
	if !slices.Contains(writeVerbs, labels["verb"]) || labels["dry_run"] != "" || !watched(group, resource) {
		return "", 0, false
	}
	value, err := strconv.ParseFloat(rest[strings.LastIndex(rest, " ")+1:], 64)
	if err != nil {
		return "", 0, false
	}
	if sub := labels["subresource"]; sub != "" {
		resource += "/" + sub
	}
	return labels["verb"] + " " + strings.TrimSuffix(resource+"."+group, "."), int(value), true
}

func watched(group, resource string) bool {
	if group == "" {
		return resource == "namespaces" || resource == "services"
	}
	if group == v1alpha1.GroupVersion.Group {
		return true
	}
	for _, kind := range nativeKinds() {
		if kind.Group == group {
			return true
		}
	}
	return false
}

// Since returns what was written after an earlier count.
func Since(before, after map[string]int) map[string]int {
	more := map[string]int{}
	for name, n := range after {
		if n > before[name] {
			more[name] = n - before[name]
		}
	}
	return more
}
