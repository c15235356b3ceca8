package node

import "path/filepath"

// Layout names the files of one cluster's state folder.
type Layout struct {
	Dir string
	// CNI is the folder with the CNI plugins, which distributions do not agree on.
	CNI string
}

// Bin is the folder of the programs.
func (l Layout) Bin() string { return filepath.Join(l.Dir, "bin") }

// Binary is one of the programs that the node runs.
func (l Layout) Binary(name string) string { return filepath.Join(l.Bin(), name) }

// Program is this program.
func (l Layout) Program() string { return l.Binary("cluster") }

// Images is the folder of the image archives that are loaded at start.
func (l Layout) Images() string { return filepath.Join(l.Dir, "images") }

// Logs is the folder of the logs of the node and its components.
func (l Layout) Logs() string { return filepath.Join(l.Dir, "log") }

// Log is the file that a component writes its output to.
func (l Layout) Log(name string) string { return filepath.Join(l.Logs(), name+".log") }

// Audit is the file in which the API server notes who wrote what, one JSON
// object in a line.
func (l Layout) Audit() string { return l.Log("audit") }

// Control is the socket that the node answers on.
func (l Layout) Control() string { return filepath.Join(l.Dir, "control.sock") }

// Kubeconfig is an administrator's access from outside the namespaces.
func (l Layout) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

func (l Layout) pki(name string) string        { return filepath.Join(l.Dir, "pki", name) }
func (l Layout) conf(name string) string       { return filepath.Join(l.Dir, "conf", name) }
func (l Layout) kubeconfig(name string) string { return l.conf(name + ".kubeconfig") }
func (l Layout) varLib() string                { return filepath.Join(l.Dir, "lib") }
func (l Layout) varLog() string                { return filepath.Join(l.Dir, "podlog") }
