package stage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Write is a writing call that the API server has admitted, dry runs included.
type Write struct {
	// User and Agent are who called, and with which program.
	User, Agent string
	Verb        string
	// Object is "resource.group namespace/name".
	Object string
}

// Audit reads what the API server notes from one moment on.
type Audit struct {
	path string
	from int64
}

// errNoAudit says that a cluster of somebody else's does not show its notes.
var errNoAudit = errors.New("the API server's audit log cannot be read on this cluster")

// Audit begins to watch writes.
func (s *Stage) Audit() (*Audit, error) {
	if s.Local == nil {
		return nil, errNoAudit
	}
	info, err := os.Stat(s.Local.Audit())
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return &Audit{path: s.Local.Audit(), from: info.Size()}, nil
}

// AuditFromStart reads what was noted since the cluster was made.
func (s *Stage) AuditFromStart() (*Audit, error) {
	a, err := s.Audit()
	if err != nil {
		return nil, err
	}
	a.from = 0
	return a, nil
}

// Writes returns the writes since the beginning that are of interest. Reviews
// of access are no writes: they change nothing.
func (a *Audit) Writes(of func(Write) bool) ([]Write, error) {
	f, err := os.Open(a.path)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(a.from, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	var writes []Write
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		w, ok, err := parseWrite(lines.Bytes())
		if err != nil {
			return nil, err
		}
		if ok && of(w) {
			writes = append(writes, w)
		}
	}
	return writes, lines.Err()
}

// auditEvent is what is read of an event of audit.k8s.io.
type auditEvent struct {
	Verb           string
	UserAgent      string
	User           struct{ Username string }
	ObjectRef      *struct{ Resource, Subresource, APIGroup, Namespace, Name string }
	ResponseStatus struct{ Code int }
}

func parseWrite(line []byte) (w Write, ok bool, err error) {
	var e auditEvent
	if err := json.Unmarshal(line, &e); err != nil {
		return Write{}, false, fmt.Errorf("read audit log: %w", err)
	}
	verbs := []string{"create", "update", "patch", "delete", "deletecollection"}
	if e.ObjectRef == nil || e.ResponseStatus.Code >= 300 || !slices.Contains(verbs, e.Verb) || strings.HasSuffix(e.ObjectRef.Resource, "reviews") {
		return Write{}, false, nil
	}
	o := e.ObjectRef
	resource := o.Resource
	if o.Subresource != "" {
		resource += "/" + o.Subresource
	}
	resource = strings.TrimSuffix(resource+"."+o.APIGroup, ".")
	return Write{
		User: e.User.Username, Agent: e.UserAgent, Verb: e.Verb,
		Object: resource + " " + strings.TrimPrefix(o.Namespace+"/"+o.Name, "/"),
	}, true, nil
}
