package node

import "path/filepath"

// Layout names the files of one cluster's state folder.
type Layout struct {
	Dir string
	// CNI is the folder with the CNI plugins, which distributions do not agree on.
	CNI string
}

// Program is this program; Binary is one of the programs the node runs.
func (l Layout) Program() string           { return filepath.Join(l.Dir, "bin", "cluster") }
func (l Layout) Binary(name string) string { return filepath.Join(l.Dir, "bin", name) }

// Bin holds the programs, Images the image archives that are loaded at start.
func (l Layout) Bin() string    { return filepath.Join(l.Dir, "bin") }
func (l Layout) Images() string { return filepath.Join(l.Dir, "images") }

// Log is the file that a component writes its output to.
func (l Layout) Log(name string) string { return filepath.Join(l.Dir, "log", name+".log") }
func (l Layout) Logs() string           { return filepath.Join(l.Dir, "log") }

// Control is the socket that the node answers on, Kubeconfig the
// administrator's access from outside the namespaces.
func (l Layout) Control() string    { return filepath.Join(l.Dir, "control.sock") }
func (l Layout) Kubeconfig() string { return filepath.Join(l.Dir, "kubeconfig") }

func (l Layout) pki(name string) string     { return filepath.Join(l.Dir, "pki", name) }
func (l Layout) conf(name string) string    { return filepath.Join(l.Dir, "conf", name) }
func (l Layout) varLib() string             { return filepath.Join(l.Dir, "lib") }
func (l Layout) varLog() string             { return filepath.Join(l.Dir, "podlog") }
func (l Layout) kubeconfig(n string) string { return l.conf(n + ".kubeconfig") }
